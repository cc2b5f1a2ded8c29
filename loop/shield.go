package loop

// Shield runs fn in a task and returns a future with the outcome of the task. Cancelling
// the future leaves the task alone (asyncio.shield). For w see [Go].
func Shield[T any, W Where](w W, fn func(*Yielder) (T, error)) *Future[T] {
	return ShieldFuture(w, Func[T](fn))
}

// ShieldFuture is [Shield] for a task or a future. If it is done, it is returned
// itself. If it belongs to another loop, the future returned fails with [ErrForeignLoop].
func ShieldFuture[T any, W Where](w W, aw Awaitable[T]) *Future[T] {
	l := loopOf(w)
	inner := aw.ensureFuture(l)
	if inner.loop != l {
		outer := NewFuture[T](l)
		outer.fail(ErrForeignLoop)
		return outer
	}
	if inner.state != pending {
		return inner
	}
	outer := &shieldFuture[T]{inner: inner}
	outer.init(inner.loop, outer)
	in := &shield[T]{inner, &outer.Future}
	inner.addCallback(in)
	outer.addCallback((*unshield[T])(in))
	return &outer.Future
}

// shieldFuture is the outer future.
type shieldFuture[T any] struct {
	Future[T]
	inner *Future[T]
}

type shield[T any] struct{ inner, outer *Future[T] }

// futureDone is _inner_done_callback. If the outer future is done already, nobody
// takes an error of the inner one, and it is reported in the end.
func (s *shield[T]) futureDone(*future) {
	switch {
	case s.outer.state == cancelled:
	case s.inner.state == cancelled:
		s.outer.cancel("")
	case s.outer.state == finished:
		s.outer.loop.CallExceptionHandler(ExceptionContext{
			Message: "somebody else has completed a shield's future", Exception: ErrInvalidState})
	case s.inner.err != nil:
		s.outer.fail(s.inner.retrieve())
	default:
		s.outer.succeed(s.inner.result)
	}
}

type unshield[T any] shield[T]

func (s *unshield[T]) futureDone(*future) {
	if s.inner.state == pending {
		s.inner.removeCallback((*shield[T])(s))
	}
}

func (o *shieldFuture[T]) explain() (string, []AnyFuture) {
	return "Shield of " + waitText(o.inner.self), []AnyFuture{o.inner.self}
}
