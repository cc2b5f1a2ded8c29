package main

import (
	"fmt"

	"coloop/loop"
)

// A guard is a Lock, a Condition or a Semaphore.
type guard interface {
	Acquire(*loop.Yielder) error
	Release()
}

// misuse calls fn and returns the error that it panics with, which Python raises.
func misuse(fn func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if err, ok = r.(error); !ok {
				panic(r)
			}
		}
	}()
	fn()
	return nil
}

// primitive compiles what is done to locks and queues at once.
func (l *loopLevel) primitive(op string, ins fields) (step[scene], error) {
	switch op {
	case "release":
		return plain(l, op, ins, func(_ *activation[scene], g guard) (any, error) { return nil, misuse(g.Release) })
	case "event_set":
		return plain(l, op, ins, func(_ *activation[scene], e *loop.Event) (any, error) {
			e.Set()
			return nil, nil
		})
	case "event_clear":
		return plain(l, op, ins, func(_ *activation[scene], e *loop.Event) (any, error) {
			e.Clear()
			return nil, nil
		})
	case "notify":
		return l.notify(ins)
	case "put_nowait":
		return l.put(op, ins, func(_ *activation[scene], q *loop.Queue[any], v any) error { return q.PutNowait(v) })
	case "get_nowait":
		return plain(l, op, ins, func(_ *activation[scene], q *loop.Queue[any]) (any, error) { return q.GetNowait() })
	case "task_done":
		return plain(l, op, ins, func(_ *activation[scene], q *loop.Queue[any]) (any, error) { return nil, misuse(q.TaskDone) })
	}
	return nil, nil
}

func (l *loopLevel) put(op string, ins fields, put func(a *activation[scene], q *loop.Queue[any], v any) error) (step[scene], error) {
	v, err := ins.literal("v")
	if err != nil {
		return nil, err
	}
	return on(l, op, ins, func(a *activation[scene]) (string, func(*loop.Queue[any]) (any, error)) {
		v := v(a)
		return " " + l.format(v), func(q *loop.Queue[any]) (any, error) { return nil, put(a, q, v) }
	})
}

func (l *loopLevel) notify(ins fields) (step[scene], error) {
	detail, notify := " all", (*loop.Condition).NotifyAll
	if ins.object["n"] != "all" {
		n, err := ins.count("n", 1)
		if err != nil {
			return nil, err
		}
		detail, notify = " "+number(n), func(c *loop.Condition) { c.Notify(int(n)) }
	}
	return on(l, "notify", ins, func(*activation[scene]) (string, func(*loop.Condition) (any, error)) {
		return detail, func(c *loop.Condition) (any, error) { return nil, misuse(func() { notify(c) }) }
	})
}

// waiting compiles the instructions that wait for a lock, a queue or the like.
func (l *loopLevel) waiting(op string, ins fields) (step[scene], error) {
	switch op {
	case "acquire":
		return plain(l, op, ins, func(a *activation[scene], g guard) (any, error) { return true, g.Acquire(a.y.Yielder) })
	case "event_wait":
		return plain(l, op, ins, func(a *activation[scene], e *loop.Event) (any, error) { return true, e.Wait(a.y.Yielder) })
	case "cond_wait":
		return plain(l, op, ins, func(a *activation[scene], c *loop.Condition) (any, error) { return true, c.Wait(a.y.Yielder) })
	case "cond_wait_for":
		return l.waitForTest(ins)
	case "barrier_wait":
		return plain(l, op, ins, func(a *activation[scene], b *loop.Barrier) (any, error) {
			i, err := b.Wait(a.y.Yielder)
			return int64(i), err
		})
	case "barrier_reset":
		return plain(l, op, ins, func(a *activation[scene], b *loop.Barrier) (any, error) { return nil, b.Reset(a.y.Yielder) })
	case "barrier_abort":
		return plain(l, op, ins, func(a *activation[scene], b *loop.Barrier) (any, error) { return nil, b.Abort(a.y.Yielder) })
	case "put":
		return l.put(op, ins, func(a *activation[scene], q *loop.Queue[any], v any) error { return q.Put(a.y.Yielder, v) })
	case "get":
		return plain(l, op, ins, func(a *activation[scene], q *loop.Queue[any]) (any, error) { return q.Get(a.y.Yielder) })
	case "join":
		return plain(l, op, ins, func(a *activation[scene], q *loop.Queue[any]) (any, error) { return nil, q.Join(a.y.Yielder) })
	}
	return nil, nil
}

func (l *loopLevel) waitForTest(ins fields) (step[scene], error) {
	test, err := ins.equality()
	if err != nil {
		return nil, err
	}
	eq, err := scalar(ins.object["eq"])
	if err != nil {
		return nil, err
	}
	detail := " " + ins.object["var"].(string) + "=" + l.format(eq)
	return on(l, "cond_wait_for", ins, func(a *activation[scene]) (string, func(*loop.Condition) (any, error)) {
		return detail, func(c *loop.Condition) (any, error) {
			return true, c.WaitFor(a.y.Yielder, func() bool { return test(a) })
		}
	})
}

// A block is what "async with" takes: enter returns the value of as, exit what
// becomes of the error that the body ended with.
type block struct {
	enter func(y *loop.Yielder) (any, error)
	exit  func(y *loop.Yielder, err error) error
}

func blockOf(x any) (block, error) {
	switch x := x.(type) {
	case guard:
		return block{
			func(y *loop.Yielder) (any, error) { return nil, x.Acquire(y) },
			func(_ *loop.Yielder, err error) error {
				if e := misuse(x.Release); e != nil {
					return e
				}
				return err
			},
		}, nil
	case *loop.Barrier:
		return block{
			func(y *loop.Yielder) (any, error) {
				i, err := x.Wait(y)
				return int64(i), err
			},
			func(_ *loop.Yielder, err error) error { return err },
		}, nil
	case *loop.Timeout:
		return block{
			func(y *loop.Yielder) (any, error) { return x, x.Enter(y) },
			func(_ *loop.Yielder, err error) error { return x.Exit(err) },
		}, nil
	case *loop.TaskGroup:
		return block{
			func(y *loop.Yielder) (any, error) { return x, x.Enter(y) },
			x.Exit,
		}, nil
	}
	return block{}, errWrongKind
}

func (l *loopLevel) with(ins fields, at place) (step[scene], error) {
	name, err := ins.text("on")
	if err != nil {
		return nil, err
	}
	to, err := ins.target()
	if err != nil {
		return nil, err
	}
	body, err := l.compiler.part(ins, "body", at)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return func(a *activation[scene]) (flow, error) {
		head := "with " + l.called(a, name)
		var v any
		var b block
		x, err := l.resolve(a, name)
		if err == nil {
			b, err = blockOf(x)
		}
		if err == nil {
			v, err = b.enter(a.y.Yielder)
		}
		switch {
		case a.over:
			return onward, errOver
		case err != nil:
			return onward, a.refuse(head+" enter", err)
		}
		a.succeed(head+" enter", v)
		a.set(to, v)
		fl, err := body(a)
		if a.over {
			return onward, errOver
		}
		err = b.exit(a.y.Yielder, err)
		switch {
		case a.over:
			return onward, errOver
		case err != nil:
			return onward, a.refuse(head+" exit", err)
		}
		a.succeed(head+" exit", nil)
		return fl, nil
	}, nil
}
