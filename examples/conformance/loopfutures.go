package main

import (
	"fmt"
	"slices"
	"time"

	"coloop/loop"
)

// A registration is a done callback.
type registration struct {
	fut future
	fn  string
}

// futureOperation compiles what is done to futures, tasks and handles, at once.
func (l *loopLevel) futureOperation(op string, ins fields) (step[scene], error) {
	switch op {
	case "set_result":
		v, err := ins.literal("v")
		if err != nil {
			return nil, err
		}
		return on(l, op, ins, func(a *activation[scene]) (string, func(future) (any, error)) {
			v := v(a)
			return " " + l.format(v), func(f future) (any, error) { return nil, f.SetResult(v) }
		})
	case "set_exception":
		raised, err := ins.raised("e")
		if err != nil {
			return nil, err
		}
		return on(l, op, ins, func(a *activation[scene]) (string, func(future) (any, error)) {
			e := raised(a)
			return " " + l.formatError(e), func(f future) (any, error) { return nil, f.SetException(e) }
		})
	case "cancel":
		return l.cancel(ins)
	case "uncancel":
		return plain(l, op, ins, func(_ *activation[scene], t loop.AnyTask) (any, error) {
			return int64(t.Uncancel()), nil
		})
	case "add_cb", "remove_cb":
		return l.doneCallback(op, ins)
	case "result":
		return plain(l, op, ins, func(_ *activation[scene], f future) (any, error) { return f.Result() })
	case "exception":
		return plain(l, op, ins, func(_ *activation[scene], f future) (any, error) {
			exc, err := f.Exception()
			if exc == nil {
				return nil, err
			}
			return exc, err
		})
	case "reschedule":
		at, err := ins.time("at")
		if err != nil {
			return nil, err
		}
		return on(l, op, ins, func(*activation[scene]) (string, func(*loop.Timeout) (any, error)) {
			return " " + timeText(at), func(t *loop.Timeout) (any, error) { return nil, t.Reschedule(at) }
		})
	}
	return nil, nil
}

func (l *loopLevel) cancel(ins fields) (step[scene], error) {
	var msg []string
	detail := ""
	if ins.object["msg"] != nil {
		s, err := ins.label("msg")
		if err != nil {
			return nil, err
		}
		msg, detail = []string{s}, " "+l.format(s)
	}
	return on(l, "cancel", ins, func(*activation[scene]) (string, func(any) (any, error)) {
		return detail, func(x any) (any, error) {
			switch x := x.(type) {
			case future:
				return x.Cancel(msg...), nil
			case *loop.TaskGroup: // which has no cancel in Python 3.13
			case interface{ Cancel() }:
				x.Cancel()
				return nil, nil
			}
			return nil, errWrongKind
		}
	})
}

func (l *loopLevel) doneCallback(op string, ins fields) (step[scene], error) {
	fn, err := l.function(ins)
	if err != nil {
		return nil, err
	}
	return on(l, op, ins, func(*activation[scene]) (string, func(future) (any, error)) {
		return " " + fn, func(f future) (any, error) {
			key := registration{f, fn}
			if op == "add_cb" {
				l.removals[key] = append(l.removals[key], f.AddDoneCallback(func(done *loop.Future[any]) {
					l.call(fn, l.label(l.whole(done)), fn, done)
				}))
				return nil, nil
			}
			removed := int64(0)
			for _, remove := range l.removals[key] {
				if remove() {
					removed++
				}
			}
			delete(l.removals, key)
			return removed, nil
		}
	})
}

// suspending compiles the instructions of coroutines.
func (l *loopLevel) suspending(op string, ins fields, at place) (step[scene], error) {
	switch op {
	case "with":
		return l.with(ins, at)
	case "sleep":
		t, err := ins.number("t")
		if err != nil {
			return nil, err
		}
		v, err := ins.optional("v")
		if err != nil {
			return nil, err
		}
		return l.attempt(ins, func(a *activation[scene]) (string, action) {
			v := v(a)
			return "sleep " + number(t), func() (any, error) {
				return v, loop.Sleep(a.y.Yielder, time.Duration(t)*unit)
			}
		})
	case "await":
		return l.await(ins)
	case "wait":
		return l.wait(ins)
	case "wait_for":
		return l.waitFor(ins)
	case "next_done":
		return plain(l, op, ins, func(a *activation[scene], c *loop.Completed[any]) (any, error) {
			return c.Next(a.y.Yielder)
		})
	case "yield":
		return l.yield(ins)
	}
	if step, err := l.waiting(op, ins); step != nil || err != nil {
		return step, err
	}
	return l.immediate(op, ins, at)
}

func (l *loopLevel) await(ins fields) (step[scene], error) {
	operand, err := l.operand(ins.object["on"])
	if err != nil {
		return nil, err
	}
	return l.attempt(ins, func(a *activation[scene]) (string, action) {
		of := operand(a)
		return "await " + of.label, func() (any, error) {
			aws, err := l.awaitables(of)
			if err != nil {
				return nil, err
			}
			return aws[0].Await(a.y.Yielder)
		}
	})
}

func (l *loopLevel) waitFor(ins fields) (step[scene], error) {
	operand, err := l.operand(ins.object["on"])
	if err != nil {
		return nil, err
	}
	t, err := ins.time("t")
	if err != nil {
		return nil, err
	}
	return l.attempt(ins, func(a *activation[scene]) (string, action) {
		of := operand(a)
		return "wait_for " + of.label + " t=" + timeText(t), func() (any, error) {
			aws, err := l.awaitables(of)
			if err != nil {
				return nil, err
			}
			return loop.WaitForFuture(a.y.Yielder, t, aws[0])
		}
	})
}

var waitModes = map[any]loop.WaitMode{
	nil:               loop.AllCompleted,
	"ALL_COMPLETED":   loop.AllCompleted,
	"FIRST_COMPLETED": loop.FirstCompleted,
	"FIRST_EXCEPTION": loop.FirstException,
}

func (l *loopLevel) wait(ins fields) (step[scene], error) {
	operands, err := l.named(ins)
	if err != nil {
		return nil, err
	}
	t, err := ins.time("t")
	if err != nil {
		return nil, err
	}
	mode, ok := waitModes[ins.object["when"]]
	if !ok {
		return nil, fmt.Errorf("bad %q: %v", "when", ins.object["when"])
	}
	name, _ := ins.object["when"].(string)
	if name == "" {
		name = "ALL_COMPLETED"
	}
	return func(a *activation[scene]) (flow, error) {
		of := operands(a)
		head := "wait " + listOf(of) + " " + name + " t=" + timeText(t)
		fs := make([]future, len(of))
		for i, o := range of {
			aw, err := o.resolve()
			if err != nil {
				return onward, a.refuse(head, err)
			}
			fs[i] = aw.(future)
		}
		done, pending, err := loop.Wait(a.y.Yielder, t, mode, fs...)
		if err != nil {
			return onward, a.refuse(head, err)
		}
		labels := func(fs []future) string {
			all := labelsOf(l, fs)
			slices.Sort(all)
			return list(all)
		}
		a.say(head + " -> done=" + labels(done) + " pending=" + labels(pending))
		return onward, nil
	}, nil
}

// yield compiles a yield to the task, which is none of a coroutine's business.
func (l *loopLevel) yield(ins fields) (step[scene], error) {
	if ins.object["on"] != nil {
		return plain(l, "yield", ins, func(a *activation[scene], f future) (any, error) {
			return a.y.Yield(f)
		})
	}
	v, err := ins.optional("v")
	if err != nil {
		return nil, err
	}
	return l.attempt(ins, func(a *activation[scene]) (string, action) {
		v := v(a)
		return "yield " + l.format(v), func() (any, error) { return a.y.Yield(v) }
	})
}
