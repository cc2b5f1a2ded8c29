package coroutine

import (
	"iter"
)

// YieldFrom hands the generator of y over to sub until sub ends: the values that
// sub yields go to the driver of y, and the values and errors that the driver
// sends and throws go to sub. It returns the result of sub, or its error (PEP 380).
// If sub is running, the error is ErrExecuting; if it is a coroutine object that
// was awaited before, ErrReused or ErrAwaited.
//
// If sub is a *Generator that nobody else delegates to, the driver resumes it
// directly, however long the chain of delegations is. Any other Resumable costs a
// switch to the body that delegates to it, and a call.
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
	case *StopIteration[R]: // thrown in after sub had ended
		return err.Value, nil
	default:
		return zero, err
	}
}

// An Iterator has the one method that YieldFromIterator needs. Next returns a
// value, or at the end a *StopIteration, or another error. If it also has
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
// generator's methods. If the iterator has no Send, a value sent to the generator
// makes YieldFromIterator return ErrNoSend; if it has no Throw, an error thrown in
// is returned. R must be the type of the iterator's StopIteration: one of another
// type is returned like any other error.
func YieldFromIterator[R, Y, S any](y *Yielder[Y, S], it Iterator[Y]) (R, error) {
	return delegate[R](y, it, it.Next)
}

// YieldFromSeq yields the values of seq. If a value is sent it returns ErrNoSend,
// and if an error is thrown in it returns that; both end the sequence.
func YieldFromSeq[Y, S any](y *Yielder[Y, S], seq iter.Seq[Y]) error {
	if !y.Here() {
		return ErrNotRunning
	}
	outer := y.shell.foreign // a sequence may delegate through y itself
	var delegate any = seq
	y.shell.foreign = &delegate
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
	outer := y.shell.foreign // an iterator may delegate through y itself
	var delegate any = it
	y.shell.foreign = &delegate
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
