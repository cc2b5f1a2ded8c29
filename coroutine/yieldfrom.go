package coroutine

import (
	"iter"
)

// YieldFrom hands the generator of y over to sub until sub ends: what sub
// yields goes to whoever drives y, and what that sends or throws goes to sub.
// It returns what sub returns, or raises (PEP 380).
//
// A *Generator that nobody else delegates to is resumed directly, however long
// the chain of delegations; any other Resumable costs a switch to the body that
// delegates to it and a call.
func YieldFrom[Y, S, R any](y *Yielder[Y, S], sub Resumable[Y, S, R]) (R, error) {
	g, ok := sub.(*Generator[Y, S, R])
	if !ok {
		return delegate[R](y, sub, stepper[Y, S](sub))
	}
	var zero R
	switch {
	case !y.Here():
		return zero, ErrNotRunning
	case g.y.running():
		return zero, ErrExecuting
	case g.y.awaitable() != nil:
		return zero, g.y.awaitable()
	case State(g.y.status.Load()) == Closed:
		return zero, nil
	case g.y.parent.Load() != nil:
		return delegate[R](y, g, g.Next)
	}
	y.link(&g.y)
	y.event = delegated
	y.leave(struct{}{})
	switch err := y.err.(type) {
	case nil:
		return g.take(), nil
	case panicking:
		panic(err.PanicError)
	case *StopIteration[R]: // thrown into a sub that had ended
		return err.Value, nil
	default:
		return zero, err
	}
}

// An Iterator is the least that can be delegated to: Next returns a value, or
// a *StopIteration at the end, or another error. If it also has
//
//	Send(S) (Y, error)
//	Throw(error) (Y, error)
//	Close() error            // or Close() (R, error)
//
// YieldFromIterator uses them as PEP 380 says.
type Iterator[Y any] interface {
	Next() (Y, error)
}

// YieldFromIterator is YieldFrom for an iterator that need not have all of a
// generator's methods. A value sent to one without Send raises ErrNoSend at
// the YieldFromIterator; an error thrown into one without Throw is raised there.
// R must be that of the iterator's StopIteration: another one is an error like
// any other.
func YieldFromIterator[R, Y, S any](y *Yielder[Y, S], it Iterator[Y]) (R, error) {
	return delegate[R](y, it, it.Next)
}

// YieldFromSeq yields the values of seq. A value sent raises ErrNoSend, an
// error thrown in is raised; both end the sequence.
func YieldFromSeq[Y, S any](y *Yielder[Y, S], seq iter.Seq[Y]) error {
	if !y.Here() {
		return ErrNotRunning
	}
	outer := y.shell.foreign // whose body may call us
	y.shell.foreign = seq
	defer func() { y.shell.foreign = outer }()
	for v := range seq {
		s, err := y.Yield(v)
		if err == nil && !y.isNext && any(s) != nil {
			err = ErrNoSend
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func stepper[Y, S any](x interface{ Send(S) (Y, error) }) func() (Y, error) {
	if it, ok := x.(Iterator[Y]); ok {
		return it.Next
	}
	return func() (Y, error) {
		var none S
		return x.Send(none)
	}
}

// delegate is the expansion of "yield from" in PEP 380, run by the body of y.
func delegate[R, Y, S any](y *Yielder[Y, S], it any, next func() (Y, error)) (R, error) {
	var zero R
	if !y.Here() {
		return zero, ErrNotRunning
	}
	outer := y.shell.foreign // whose method may call us
	y.shell.foreign = it
	defer func() { y.shell.foreign = outer }()
	v, err := next()
	for err == nil {
		s, thrown := y.Yield(v)
		switch {
		case thrown == nil && (y.isNext || any(s) == nil):
			v, err = next()
		case thrown == nil:
			x, ok := it.(interface{ Send(S) (Y, error) })
			if !ok {
				return zero, ErrNoSend
			}
			v, err = x.Send(s)
		case is(thrown, GeneratorExit):
			if err := closeAny[R](it); err != nil {
				return zero, err
			}
			return zero, thrown
		default:
			x, ok := it.(interface{ Throw(error) (Y, error) })
			if !ok {
				return zero, thrown
			}
			v, err = x.Throw(thrown)
		}
	}
	if stop, ok := err.(*StopIteration[R]); ok {
		return stop.Value, nil
	}
	return zero, err
}

func closeAny[R any](it any) error {
	switch x := it.(type) {
	case interface{ Close() (R, error) }:
		_, err := x.Close()
		return err
	case interface{ Close() error }:
		return x.Close()
	}
	return nil
}
