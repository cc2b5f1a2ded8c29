package main

import (
	"fmt"

	"coloop/loop"
)

// create compiles the instruction new.
func (l *loopLevel) create(ins fields) (step[scene], error) {
	kind, err := ins.text("kind")
	if err != nil {
		return nil, err
	}
	n, err := ins.count("n", 0)
	if err != nil {
		return nil, err
	}
	head := "new " + kind
	given := ins.object["n"] != nil
	if given && kind != "timeout" {
		head += " " + number(n)
	}
	if !given && (kind == "sem" || kind == "bsem" || kind == "barrier") {
		n = 1
	}
	var create func() any
	switch kind {
	case "future":
		create = func() any { return loop.NewFuture[any](l.loop) }
	case "lock":
		create = func() any { return new(loop.Lock) }
	case "event":
		create = func() any { return new(loop.Event) }
	case "cond":
		if ins.object["lock"] != nil {
			return l.condition(head, ins)
		}
		create = func() any { return new(loop.Condition) }
	case "sem":
		create = func() any { return loop.NewSemaphore(int(n)) }
	case "bsem":
		create = func() any { return loop.NewBoundedSemaphore(int(n)) }
	case "barrier":
		create = func() any { return loop.NewBarrier(int(n)) }
	case "queue":
		create = func() any { return loop.NewQueue[any](int(n)) }
	case "lifo":
		create = func() any { return loop.NewLifoQueue[any](int(n)) }
	case "prio":
		create = func() any { return loop.NewPriorityQueue(int(n), less) }
	case "timeout":
		return l.timeout(head, ins)
	case "group":
		create = func() any { return new(loop.TaskGroup) }
	default:
		return nil, fmt.Errorf("bad kind %s", kind)
	}
	return l.make(ins, func(*activation[scene]) (string, action) {
		return head, func() (x any, err error) {
			defer func() {
				// A number out of range is the program's mistake.
				if r := recover(); r != nil {
					err = r.(error)
				}
			}()
			return create(), nil
		}
	})
}

func less(a, b any) bool {
	x, _ := a.(int64)
	y, _ := b.(int64)
	return x < y
}

func (l *loopLevel) condition(head string, ins fields) (step[scene], error) {
	name, err := ins.text("lock")
	if err != nil {
		return nil, err
	}
	return l.make(ins, func(a *activation[scene]) (string, action) {
		return head + " " + l.called(a, name), func() (any, error) {
			lock, err := resolveAs[*loop.Lock](l, a, name)
			if err != nil {
				return nil, err
			}
			return loop.NewCondition(lock), nil
		}
	})
}

func (l *loopLevel) timeout(head string, ins fields) (step[scene], error) {
	field, create := "t", loop.NewTimeout[*loop.Loop]
	if _, ok := ins.object["at"]; ok {
		field, create = "at", loop.NewTimeoutAt[*loop.Loop]
	}
	t, err := ins.time(field)
	if err != nil {
		return nil, err
	}
	return l.make(ins, func(*activation[scene]) (string, action) {
		return head + " " + field + "=" + timeText(t), func() (any, error) { return create(l.loop, t), nil }
	})
}

// state compiles the instruction that looks into an object.
func (l *loopLevel) state(ins fields) (step[scene], error) {
	name, err := ins.text("on")
	return func(a *activation[scene]) (flow, error) {
		head := "state " + l.called(a, name)
		x, err := l.resolve(a, name)
		if err != nil {
			return onward, a.refuse(head, err)
		}
		a.say(head + " -> " + l.stateOf(x))
		return onward, nil
	}, err
}

func (l *loopLevel) stateOf(x any) string {
	switch x := x.(type) {
	case *loop.Task[any]:
		return l.outcome(x) + fmt.Sprintf(" cancelling=%d", x.Cancelling())
	case future:
		return l.outcome(x)
	case *loop.Handle:
		return "cancelled=" + l.format(x.Cancelled())
	case *loop.TimerHandle:
		return "when=" + timeText(x.When()) + " cancelled=" + l.format(x.Cancelled())
	case *loop.Lock:
		return fmt.Sprintf("locked=%s waiters=%d", l.format(x.Locked()), x.Waiting())
	case *loop.Condition:
		return fmt.Sprintf("locked=%s waiters=%d", l.format(x.Locked()), x.Waiting())
	case *loop.Event:
		return fmt.Sprintf("set=%s waiters=%d", l.format(x.IsSet()), x.Waiting())
	case *loop.Semaphore:
		return fmt.Sprintf("locked=%s value=%d waiters=%d", l.format(x.Locked()), x.Value(), x.Waiting())
	case *loop.Barrier:
		return fmt.Sprintf("%v n_waiting=%d broken=%s", x.State(), x.NWaiting(), l.format(x.Broken()))
	case *loop.Queue[any]:
		getters, putters := x.Waiting()
		return fmt.Sprintf("size=%d empty=%s full=%s unfinished=%d getters=%d putters=%d",
			x.Len(), l.format(x.Empty()), l.format(x.Full()), x.Unfinished(), getters, putters)
	case *loop.Timeout:
		return fmt.Sprintf("%v when=%s expired=%s", x.State(), timeText(x.When()), l.format(x.Expired()))
	case *loop.TaskGroup:
		return fmt.Sprintf("tasks=%d errors=%d aborting=%s", x.Len(), x.Failures(), l.format(x.Aborting()))
	case *loop.Completed[any]:
		return fmt.Sprintf("left=%d", x.Left())
	}
	l.fail(fmt.Errorf("a %T has no state", x))
	return ""
}

func (l *loopLevel) outcome(f future) string {
	switch {
	case !f.Done():
		return "pending"
	case f.Cancelled():
		return "cancelled"
	}
	v, err := f.Result()
	if err != nil {
		return "exception " + l.formatError(err)
	}
	return "result " + l.format(v)
}
