// Package coroutine provides generators used as coroutines, as PEP 342 (send,
// throw, close), PEP 380 (yield from) and PEP 479 (StopIteration does not leak)
// define them and CPython 3.13 implements them (Objects/genobject.c).
//
// A generator runs its body on a stack of its own, which it gives up at each
// Yield and gets back at each Next, Send or Throw; nothing ever runs in
// parallel. The stack is a goroutine (iter.Pull), so a body may call anything.
//
// Python raises; Go returns. The error that a Python generator would raise is
// the second result of Next, Send and Throw, an error thrown in is the second
// result of Yield, and what a body raises is its second result. A generator
// that is no longer wanted must be closed, or run to its end: the garbage
// collector does not do it.
package coroutine

import (
	"fmt"
	"iter"
)

// A State is what a generator is doing, as inspect.getgeneratorstate names it.
type State uint32

const (
	Created   State = iota // not started
	Running                // its body, or one it delegates to, is running
	Suspended              // at a Yield, or in a YieldFrom
	Closed                 // ended
)

func (s State) String() string {
	names := [...]string{"created", "running", "suspended", "closed"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("State(%d)", uint32(s))
}

// A Resumable is anything with the protocol of a generator: it yields values
// of type Y, is sent values of type S, and ends with a result of type R, which
// Send and Throw report as a *StopIteration[R]. A hand-written state machine
// that implements it (stackless, therefore small and fast) can be delegated to
// and scheduled like a Generator.
//
// Sending the zero S is how a Resumable is started and stepped; one that has a
// method Next() (Y, error) gets that instead.
type Resumable[Y, S, R any] interface {
	Send(S) (Y, error)
	Throw(error) (Y, error)
	Close() (R, error)
}

// A Generator yields values of type Y, is sent values of type S and returns
// one of type R. It may be used by one goroutine at a time: while its body runs
// every operation on it returns ErrExecuting, in whatever goroutine.
type Generator[Y, S, R any] struct {
	y      Yielder[Y, S]
	body   func(*Yielder[Y, S]) (R, error)
	result StopIteration[R]
}

// New returns a generator that will run body. It starts nothing: a generator
// that is never resumed costs no more than its memory.
func New[Y, S, R any](body func(*Yielder[Y, S]) (R, error)) *Generator[Y, S, R] {
	return NewIn(nil, body)
}

// NewIn is New for a body that runs on a stack from pool. A generator without a
// pool takes over that of the first that delegates to it, and likewise its
// context, see Init.
func NewIn[Y, S, R any](pool *Pool, body func(*Yielder[Y, S]) (R, error)) *Generator[Y, S, R] {
	g := new(Generator[Y, S, R])
	g.Init(nil, pool, body) //lint:ignore SA1012 that is how to say that there is none
	return g
}

// NewCoroutine is NewIn for a coroutine object, as the call of an "async def"
// makes one in Python: a generator that is awaited once, by a YieldFrom or as the
// task of a scheduler. When it has ended, Next, Send, Throw and YieldFrom return
// ErrReused, not a StopIteration like those of a generator; when it has begun,
// YieldFrom returns ErrAwaited.
func NewCoroutine[Y, S, R any](pool *Pool, body func(*Yielder[Y, S]) (R, error)) *Generator[Y, S, R] {
	g := NewIn(pool, body)
	g.y.marks = once
	return g
}

// Next runs the body to its next Yield and returns what that yields. The error
// is a *StopIteration[R] when the body returns, else what the body raised; it
// panics with a *PanicError if the body panics.
func (g *Generator[Y, S, R]) Next() (Y, error) {
	var none S
	return g.y.send(none, true)
}

// Send is Next with a value for the Yield that the body is suspended at. A
// generator that has not started takes only the nil interface, which makes
// Send a Next; any other value is answered with ErrJustStarted.
func (g *Generator[Y, S, R]) Send(v S) (Y, error) { return g.y.send(v, false) }

// Throw is Next with an error, which the Yield that the body is suspended at
// returns. A body that does not handle it returns it, and so does Throw. A
// generator that has not started is closed by it. Throw panics if err is nil.
func (g *Generator[Y, S, R]) Throw(err error) (Y, error) { return g.y.throw(err) }

// Close throws GeneratorExit into the body, so that it can clean up and end.
// It returns the value that the body returned, if it did, with no error; the
// zero R for a body that raised GeneratorExit, a generator that had not
// started, and a closed one; ErrIgnoredExit if the body yields, which leaves
// the generator suspended there; and any other error that the body raises.
func (g *Generator[Y, S, R]) Close() (R, error) {
	err := g.y.close()
	return g.take(), err
}

// State may be asked at any time, of a running generator too.
func (g *Generator[Y, S, R]) State() State {
	switch st := State(g.y.status.Load()); {
	case st == Suspended && g.y.running():
		return Running
	default:
		return st
	}
}

// Delegate returns what the generator is suspended in a YieldFrom of, else
// nil; of a running generator it is nil (CPython's gi_yieldfrom).
func (g *Generator[Y, S, R]) Delegate() any {
	switch {
	case g.State() != Suspended:
		return nil
	case g.y.sub != nil:
		return g.y.sub.owner
	default:
		return g.y.shell.foreign
	}
}

// All ranges over what the generator yields from now on. If the body raises an
// error, that comes last, with the zero Y; what the body returns is dropped.
// Leaving the loop early leaves the generator suspended.
func (g *Generator[Y, S, R]) All() iter.Seq2[Y, error] {
	return func(yield func(Y, error) bool) {
		for {
			v, err := g.Next()
			if is(err, ErrStopIteration) {
				return
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// stop makes an ended generator's answer, the first time with its result.
func (g *Generator[Y, S, R]) stop() error {
	if g.y.marks&given != 0 {
		return new(StopIteration[R])
	}
	g.y.marks |= given
	return &g.result
}

// take is stop without the wrapping.
func (g *Generator[Y, S, R]) take() (v R) {
	if g.y.marks&given == 0 && State(g.y.status.Load()) == Closed {
		g.y.marks |= given
		v = g.result.Value
	}
	return v
}

func (g *Generator[Y, S, R]) exec() { g.y.exec() }

func (g *Generator[Y, S, R]) call() error {
	body := g.body
	g.body = nil
	v, err := body(&g.y)
	if err == nil {
		g.result.Value = v
	}
	return err
}
