package loop

// gathering is the future that Gather returns (_GatheringFuture): cancelling it
// cancels what it gathers.
type gathering[R any] struct {
	Future[R]
	children  []AnyFuture
	left      int
	requested bool // Cancel was called, and some child took the request
	results   func() R
	first     bool // the first error completes the gathering
	failed    bool // the error of a child has completed the gathering
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

// Gather runs fns in tasks and returns the future of their results, in order
// (asyncio.gather). The first error of a task fails that future at once; the other
// tasks go on. Cancelling the gathering cancels the tasks that are not done. For w see
// [Go].
func Gather[T any, W Where](w W, fns ...func(*Yielder) (T, error)) *Future[[]T] {
	return GatherFutures(w, funcs(fns)...)
}

// GatherFutures is [Gather] for tasks, futures, and functions as [Func], in any
// mix. A future that occurs several times counts once; one of another loop makes
// the gathering fail with [ErrForeignLoop]. For a slice of them see [Awaitables].
func GatherFutures[T any, W Where](w W, aws ...Awaitable[T]) *Future[[]T] {
	return GatherFunc(w, func(vs []T) []T { return vs }, aws...)
}

// GatherFunc is [GatherFutures] whose result is that of collect, which is given the
// results: a sum, a map or a struct of them. If collect panics, the gathering fails
// with a [coroutine.PanicError].
func GatherFunc[T, R any, W Where](w W, collect func([]T) R, aws ...Awaitable[T]) *Future[R] {
	l := loopOf(w)
	fs := ensureFutures(l, aws)
	return gather(l, fs, true, func() R {
		vs := make([]T, len(fs))
		for i, f := range fs {
			vs[i] = f.result
		}
		return collect(vs)
	})
}

// A Result is the outcome of a future: Err if that is not nil, else Value.
type Result[T any] struct {
	Value T
	Err   error
}

// GatherResults is [Gather], but takes errors of the tasks as results, including
// cancellations (return_exceptions).
func GatherResults[T any, W Where](w W, fns ...func(*Yielder) (T, error)) *Future[[]Result[T]] {
	return GatherResultsFunc(w, func(rs []Result[T]) []Result[T] { return rs }, funcs(fns)...)
}

// GatherResultsFunc is [GatherResults] for tasks, futures and functions. Its result is
// that of collect, which is given theirs.
func GatherResultsFunc[T, R any, W Where](w W, collect func([]Result[T]) R, aws ...Awaitable[T]) *Future[R] {
	l := loopOf(w)
	fs := ensureFutures(l, aws)
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

func ensureFutures[T any](l *Loop, aws []Awaitable[T]) []*Future[T] {
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
		g.finish()
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
		if g.failed { // else Cancel or the program has completed it, and f may still be reported
			f.passOver()
		}
		return
	}
	if g.first {
		if err := f.outcome(); err != nil {
			g.failed = true
			g.fail(err)
			return
		}
	}
	if g.left > 0 {
		return
	}
	if g.requested {
		for _, c := range g.children {
			if c.Done() && !c.Cancelled() {
				c.base().passOver()
			}
		}
		// The message is that of the last child.
		last := g.children[len(g.children)-1]
		g.fail(last.cancelledError())
		return
	}
	g.finish()
}

func (g *gathering[R]) finish() {
	var r R
	if err := recovered(func() error { r = g.results(); return nil }); err != nil {
		g.fail(err)
		return
	}
	g.succeed(r)
}

func (g *gathering[R]) explain() (string, []AnyFuture) {
	return "Gather of " + count(g.children), g.children
}
