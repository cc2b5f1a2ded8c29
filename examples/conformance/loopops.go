package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"coloop/loop"
)

// immediate compiles the instructions that coroutines and callbacks have.
func (l *loopLevel) immediate(op string, ins fields, _ place) (step[scene], error) {
	switch op {
	case "new":
		return l.create(ins)
	case "spawn":
		return l.spawn(ins)
	case "gather":
		return l.gather(ins)
	case "shield":
		return l.shield(ins)
	case "as_completed":
		return l.asCompleted(ins)
	case "call_soon", "call_later", "call_at", "io":
		return l.schedule(op, ins)
	case "stop":
		return l.attempt(ins, func(*activation[scene]) (string, action) {
			return op, func() (any, error) {
				l.loop.Stop()
				return nil, nil
			}
		})
	case "busy":
		t, err := ins.number("t")
		return func(a *activation[scene]) (flow, error) {
			l.clock.Advance(time.Duration(t) * unit)
			a.succeed(op+" "+number(t), nil)
			return onward, nil
		}, err
	case "loop_state":
		return func(a *activation[scene]) (flow, error) {
			ready, timers, _ := l.loop.Stats()
			cancelled := l.loop.TimerCancelledCount()
			a.say(fmt.Sprintf("loop_state -> ready=%d scheduled=%d cancelled=%d", ready, timers, cancelled))
			return onward, nil
		}, nil
	case "state":
		return l.state(ins)
	}
	if step, err := l.futureOperation(op, ins); step != nil || err != nil {
		return step, err
	}
	return l.primitive(op, ins)
}

// An action is what an instruction does, when everything that the trace says
// of it beforehand is known.
type action func() (any, error)

// attempt compiles an instruction that prints one line, when it is done.
// prepare evaluates its operands and returns how that line begins.
func (l *loopLevel) attempt(ins fields, prepare func(a *activation[scene]) (head string, act action)) (step[scene], error) {
	to, err := ins.target()
	return func(a *activation[scene]) (flow, error) {
		head, act := prepare(a)
		v, err := act()
		switch {
		case a.over:
			return onward, errOver
		case err != nil:
			return onward, a.refuse(head, err)
		}
		a.succeed(head, v)
		a.set(to, v)
		return onward, nil
	}, err
}

// on compiles an instruction on an object of kind T. prepare evaluates the
// other operands and returns how the trace shows them.
func on[T any](l *loopLevel, op string, ins fields, prepare func(a *activation[scene]) (detail string, act func(T) (any, error))) (step[scene], error) {
	name, err := ins.text("on")
	if err != nil {
		return nil, err
	}
	return l.attempt(ins, func(a *activation[scene]) (string, action) {
		detail, act := prepare(a)
		return op + " " + l.called(a, name) + detail, func() (any, error) {
			x, err := resolveAs[T](l, a, name)
			if err != nil {
				return nil, err
			}
			return act(x)
		}
	})
}

// plain is on for an instruction without other operands.
func plain[T any](l *loopLevel, op string, ins fields, act func(a *activation[scene], x T) (any, error)) (step[scene], error) {
	return on(l, op, ins, func(a *activation[scene]) (string, func(T) (any, error)) {
		return "", func(x T) (any, error) { return act(a, x) }
	})
}

// make compiles an instruction whose value is a new object, which it names.
func (l *loopLevel) make(ins fields, prepare func(a *activation[scene]) (head string, create action)) (step[scene], error) {
	as, err := ins.label("as")
	if err != nil {
		return nil, err
	}
	return l.attempt(fields{}, func(a *activation[scene]) (string, action) {
		head, create := prepare(a)
		return head, func() (any, error) {
			x, err := create()
			if err != nil {
				return nil, err
			}
			return l.bind(as, x), nil
		}
	})
}

func (l *loopLevel) spawn(ins fields) (step[scene], error) {
	create, err := l.coroutine(ins)
	if err != nil {
		return nil, err
	}
	group := ""
	if ins.object["in"] != nil {
		if group, err = ins.text("in"); err != nil {
			return nil, err
		}
	}
	head := "spawn " + ins.object["coro"].(string)
	return l.attempt(fields{}, func(a *activation[scene]) (string, action) {
		head := head
		if group != "" {
			head += " in " + l.called(a, group)
		}
		t, fn := create(a)
		return head, func() (any, error) {
			l.making = []tag{t}
			if group == "" {
				return loop.Go(l.loop, fn), nil
			}
			g, err := resolveAs[*loop.TaskGroup](l, a, group)
			if err != nil {
				return nil, err
			}
			return loop.CreateTaskIn(g, loop.NewCoroutine(l.loop, fn))
		}
	})
}

func (l *loopLevel) gather(ins fields) (step[scene], error) {
	operands, err := l.operands(ins)
	if err != nil {
		return nil, err
	}
	rx, _ := ins.object["rx"].(bool)
	return l.make(ins, func(a *activation[scene]) (string, action) {
		of := operands(a)
		head := "gather " + listOf(of)
		if rx {
			head += " rx"
		}
		return head, func() (any, error) {
			aws, err := l.awaitables(of...)
			if err != nil {
				return nil, err
			}
			if rx {
				return loop.GatherResultsFunc(l.loop, valuesOrErrors, aws...), nil
			}
			return loop.GatherFunc(l.loop, func(vs []any) any { return vs }, aws...), nil
		}
	})
}

// valuesOrErrors makes results what Python has for them.
func valuesOrErrors(rs []loop.Result[any]) any {
	vs := make([]any, len(rs))
	for i, r := range rs {
		if vs[i] = r.Value; r.Err != nil {
			vs[i] = r.Err
		}
	}
	return vs
}

func (l *loopLevel) shield(ins fields) (step[scene], error) {
	operand, err := l.operand(ins.object["of"])
	if err != nil {
		return nil, err
	}
	return l.make(ins, func(a *activation[scene]) (string, action) {
		of := operand(a)
		return "shield " + of.label, func() (any, error) {
			aws, err := l.awaitables(of)
			if err != nil {
				return nil, err
			}
			return l.whole(loop.ShieldFuture(l.loop, aws[0])), nil
		}
	})
}

func (l *loopLevel) asCompleted(ins fields) (step[scene], error) {
	operands, err := l.named(ins)
	if err != nil {
		return nil, err
	}
	t, err := ins.time("t")
	if err != nil {
		return nil, err
	}
	return l.make(ins, func(a *activation[scene]) (string, action) {
		of := operands(a)
		return "as_completed " + listOf(of) + " t=" + timeText(t), func() (any, error) {
			aws, err := l.awaitables(of...)
			if err != nil {
				return nil, err
			}
			return loop.AsCompletedFutures(l.loop, aws...).Within(t), nil
		}
	})
}

// schedule compiles the instructions that have a function called later.
func (l *loopLevel) schedule(op string, ins fields) (step[scene], error) {
	fn, err := l.function(ins)
	if err != nil {
		return nil, err
	}
	head, t := op, int64(0)
	if op != "call_soon" {
		if t, err = ins.number("t"); err != nil {
			return nil, err
		}
		head += " " + number(t)
	}
	d := time.Duration(t) * unit
	return l.make(ins, func(*activation[scene]) (string, action) {
		return head + " " + fn, func() (any, error) {
			var h any
			call := func() { l.call(l.label(h), fn, fn, nil) }
			switch op {
			case "call_soon":
				h = l.loop.CallSoon(call)
			case "call_later":
				h = l.loop.CallLater(d, call)
			case "call_at":
				h = l.loop.CallAt(d, call)
			case "io":
				h = l.clock.Event(d, call)
			}
			return h, nil
		}
	})
}

// function returns the name of the function in field fn.
func (l *loopLevel) function(ins fields) (string, error) {
	fn, err := ins.text("fn")
	if err != nil {
		return "", err
	}
	if _, ok := l.fns[fn]; !ok {
		return "", fmt.Errorf("no function %s", fn)
	}
	return fn, nil
}

// time returns the time in a field, loop.NoTimeout if that is not there or null.
func (f fields) time(name string) (time.Duration, error) {
	if f.object[name] == nil {
		return loop.NoTimeout, nil
	}
	n, err := f.number(name)
	return time.Duration(n) * unit, err
}

// count returns the number in a field, or what it is by default.
func (f fields) count(name string, otherwise int64) (int64, error) {
	if _, ok := f.object[name].(json.Number); !ok && f.object[name] == nil {
		return otherwise, nil
	}
	return f.number(name)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func timeText(t time.Duration) string {
	if t == loop.NoTimeout {
		return "None"
	}
	return number(int64(t / unit))
}
