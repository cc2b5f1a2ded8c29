// Package coroutine provides generators used as coroutines, as PEP 342 (send,
// throw, close), PEP 380 (yield from) and PEP 479 (StopIteration does not leak)
// define them and CPython 3.13 implements them (Objects/genobject.c).
//
//	g := New(func(y *Yielder[Y, S]) (R, error) {…})   yields Y, is sent S, returns R
//	g.Next()  g.Send(v)                               resume it until it yields or ends
//	g.Throw(err)  g.Close()                           an error comes out of its Yield
//	for v, err := range g.All()                       its values
//	v, err := y.Yield(x)                              in the body: x = yield v
//	r, err := YieldFrom(y, sub)                       in the body: r = yield from sub
//	g.State()  g.Delegate()  g.Where()                what it is doing
//	Resumable                                         what has Send, Throw and Close
//	Pool  Stepper                                     for schedulers
//
// A generator runs its body on a stack of its own, which it gives up at each
// Yield and gets back at each Next, Send or Throw; nothing ever runs in
// parallel. The stack is a goroutine (iter.Pull), so a body may call anything.
//
// Python raises; Go returns. The second result of Next, Send and Throw is the
// error that a Python generator would raise: at the end a [StopIteration] with the
// result. The second result of Yield is an error thrown in, and a body raises an
// error by returning it. If a generator is no longer wanted it must be closed, or run
// to its end: the garbage collector does not do it.
package coroutine

import (
	"fmt"
	"iter"
)

// A State says what a generator is doing, in the words of Python's
// inspect.getgeneratorstate.
type State uint32

const (
	Created   State = iota // not started
	Running                // its body, or one it delegates to, is running
	Suspended              // at a Yield, or in a YieldFrom
	Closed                 // ended
)

func (s State) String() string {
	names := [...]string{"created", "running", "suspended", "closed"}
	if s < State(len(names)) {
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
// YieldFrom starts and steps a Resumable by sending it the zero S, or by calling
// Next if it has a method Next() (Y, error).
type Resumable[Y, S, R any] interface {
	Send(S) (Y, error)
	Throw(error) (Y, error)
	Close() (R, error)
}

// A Generator yields values of type Y, is sent values of type S and returns
// one of type R. One goroutine at a time may use it: while its body runs, every
// operation on it returns ErrExecuting, on any goroutine.
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

// NewIn is New for a body that runs on a stack from pool. If a generator has no
// pool, or no context (see [Generator.Init]), it takes over that of the first
// generator that delegates to it.
func NewIn[Y, S, R any](pool *Pool, body func(*Yielder[Y, S]) (R, error)) *Generator[Y, S, R] {
	g := new(Generator[Y, S, R])
	g.Init(nil, pool, body) //lint:ignore SA1012 that is how to say that there is none
	return g
}

// NewCoroutine is NewIn for a coroutine object, as the call of an "async def"
// makes one in Python: a generator that is awaited once, by a YieldFrom or as the
// task of a scheduler. When it has ended, Next, Send, Throw and YieldFrom return
// ErrReused; a plain generator would answer with a StopIteration. When it has
// begun, YieldFrom returns ErrAwaited.
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

// Send is Next, except that the Yield at which the body is suspended returns v.
// If the generator has not started, v must be the nil interface, and Send is a
// Next; any other v is refused with ErrJustStarted.
func (g *Generator[Y, S, R]) Send(v S) (Y, error) { return g.y.send(v, false) }

// Throw is Next, except that the Yield at which the body is suspended returns
// err. If the body does not handle err, the body returns it, and so does Throw. A
// generator that has not started is closed, and Throw returns err. Throw panics
// if err is nil.
func (g *Generator[Y, S, R]) Throw(err error) (Y, error) { return g.y.throw(err) }

// Close throws GeneratorExit into the body, so that it can clean up and end. If
// the body returns a value, Close returns that. If the body raises GeneratorExit,
// or had not started, or had ended before, Close returns the zero R and no error.
// If the body yields, it stays suspended there, and the error is ErrIgnoredExit.
// Any other error that the body raises is returned.
func (g *Generator[Y, S, R]) Close() (R, error) {
	err := g.y.close()
	return g.take(), err
}

// State returns what the generator is doing. It may be called from any goroutine,
// at any time.
func (g *Generator[Y, S, R]) State() State {
	switch st := State(g.y.status.Load()); {
	case st == Suspended && g.y.running():
		return Running
	default:
		return st
	}
}

// Delegate returns the generator or iterator that a suspended generator delegates
// to by a YieldFrom (CPython's gi_yieldfrom). It returns nil if there is none, or
// if the generator is not suspended.
func (g *Generator[Y, S, R]) Delegate() any {
	switch {
	case g.State() != Suspended:
		return nil
	case g.y.sub != nil:
		return g.y.sub.owner
	case g.y.shell.foreign != nil:
		return *g.y.shell.foreign
	}
	return nil
}

// All ranges over the values that the generator yields from now on. If the body
// raises an error, the last pair is the zero Y and that error. The value that the
// body returns is dropped. If the loop is left early, the generator stays
// suspended.
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

// stop returns the StopIteration of a generator that has ended. The first call
// hands out the result; the later ones have the zero R.
func (g *Generator[Y, S, R]) stop() error {
	if g.y.marks&given != 0 {
		return new(StopIteration[R])
	}
	g.y.marks |= given
	return &g.result
}

// take hands out the result of a generator that has ended, as stop does.
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
