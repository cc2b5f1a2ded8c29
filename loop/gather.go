package loop

// gathering is the future that Gather returns (_GatheringFuture): cancelling it
// cancels what it gathers.
type gathering[R any] struct {
	Future[R]
	children  []AnyFuture
	left      int
	requested bool // to cancel, and some child took the request
	results   func() R
	first     bool // done with the first error
}

func (g *gathering[R]) cancel(msg string) bool {
	if g.state != pending {
		return false
	}
	accepted := false
	for _, c := range g.children {
		if c.cancel(msg) {
			accepted = true
		}
	}
	g.requested = g.requested || accepted
	return accepted
}

// Gather waits for all of aws, making tasks of those that are functions, and
// has as its result theirs, in order (asyncio.gather). The first error becomes
// its own at once; the others go on. A future that occurs several times counts
// once. Cancelling the gathering cancels what is not done yet of aws. A future of
// another loop makes it fail with ErrForeignLoop.
func Gather[T any, A Awaitable[T]](l *Loop, aws ...A) *Future[[]T] {
	return GatherFunc(l, func(vs []T) []T { return vs }, aws...)
}

// GatherFunc is Gather whose result is what collect makes of those of aws: a
// sum, a map, a struct of them. If collect panics, the future fails with a
// *coroutine.PanicError.
func GatherFunc[T, R any, A Awaitable[T]](l *Loop, collect func([]T) R, aws ...A) *Future[R] {
	fs := ensureFutures[T](l, aws)
	return gather(l, fs, true, func() R {
		vs := make([]T, len(fs))
		for i, f := range fs {
			vs[i] = f.result
		}
		return collect(vs)
	})
}

// A Result is what a future is done with: Err, if that is not nil, else Value.
type Result[T any] struct {
	Value T
	Err   error
}

// GatherResults is Gather that counts errors as results (return_exceptions):
// cancellations of one of aws too.
func GatherResults[T any, A Awaitable[T]](l *Loop, aws ...A) *Future[[]Result[T]] {
	return GatherResultsFunc(l, func(rs []Result[T]) []Result[T] { return rs }, aws...)
}

// GatherResultsFunc is GatherResults whose result is what collect makes of those
// of aws.
func GatherResultsFunc[T, R any, A Awaitable[T]](l *Loop, collect func([]Result[T]) R, aws ...A) *Future[R] {
	fs := ensureFutures[T](l, aws)
	return gather(l, fs, false, func() R {
		rs := make([]Result[T], len(fs))
		for i, f := range fs {
			if f.state == cancelled {
				rs[i].Err = f.future.cancelledError()
			} else {
				rs[i] = Result[T]{f.result, f.retrieve()}
			}
		}
		return collect(rs)
	})
}

func ensureFutures[T any, A Awaitable[T]](l *Loop, aws []A) []*Future[T] {
	fs := make([]*Future[T], len(aws))
	for i, aw := range aws {
		fs[i] = aw.ensureFuture(l)
	}
	return fs
}

func gather[T, R any](l *Loop, fs []*Future[T], first bool, results func() R) *Future[R] {
	g := &gathering[R]{results: results, first: first}
	g.init(l, g)
	var done []*future
	seen := make(map[*future]bool, len(fs))
	for _, f := range fs {
		if f.loop != l {
			g.fail(ErrForeignLoop)
			return &g.Future
		}
	}
	for _, f := range fs {
		g.children = append(g.children, f.self)
		if b := f.base(); !seen[b] {
			seen[b] = true
			g.left++
			if b.state == pending {
				b.addCallback(g)
			} else {
				done = append(done, b)
			}
		}
	}
	if len(fs) == 0 {
		g.succeed(results())
	}
	for _, f := range done {
		g.futureDone(f)
	}
	return &g.Future
}

// futureDone is _done_callback of asyncio.gather.
func (g *gathering[R]) futureDone(f *future) {
	g.left--
	if g.state != pending {
		f.retrieve() // nobody else will
		return
	}
	if g.first {
		if err := f.outcome(); err != nil {
			g.fail(err)
			return
		}
	}
	if g.left > 0 {
		return
	}
	if g.requested {
		// The last child says with what message.
		last := g.children[len(g.children)-1]
		g.fail(last.cancelledError())
		return
	}
	var r R
	if err := recovered(func() error { r = g.results(); return nil }); err != nil {
		g.fail(err)
		return
	}
	g.succeed(r)
}

// Shield returns a future that is done as aw is, but whose cancellation leaves
// aw alone (asyncio.shield); a task is made of aw if it is a function.
func Shield[T any](l *Loop, aw Awaitable[T]) *Future[T] {
	inner := aw.ensureFuture(l)
	if inner.state != pending {
		return inner
	}
	outer := NewFuture[T](inner.loop)
	in := &shield[T]{inner, outer}
	inner.addCallback(in)
	outer.addCallback((*unshield[T])(in))
	return outer
}

type shield[T any] struct{ inner, outer *Future[T] }

func (s *shield[T]) futureDone(*future) {
	switch {
	case s.outer.state != pending:
		s.inner.retrieve()
	case s.inner.state == cancelled:
		s.outer.cancel("")
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
