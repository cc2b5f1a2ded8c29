package coroutine

import (
	"context"
	"runtime/debug"
	"sync/atomic"
)

// A Yielder is a generator as its own body sees it: the body yields through it. It
// also holds everything of the generator that does not depend on the type of the
// result, so that generators with different results can form a list when they
// delegate to one another.
//
// The generators of a delegation are linked from the outermost, the top, by sub
// to the innermost, the leaf, and back by parent. A link exists while the
// parent is suspended in (or running through) a YieldFrom of a generator that
// nobody else delegates to. Send and Throw switch from the caller's stack
// straight to the leaf's, and follow goes from a generator that ends to its
// parent, so the cost of a step does not depend on depth.
type Yielder[Y, S any] struct {
	// The fields that a step from one Yield to the next uses come first, close
	// together.
	status atomic.Uint32 // a State; of linked generators only the top's says Running
	event  event         // why the stack was left last
	isNext bool          // resumed by Next, not by Send
	// stepping is how a Stepper says Running, without the cost of an atomic.
	stepping bool
	marks    marks
	parent   atomic.Pointer[Yielder[Y, S]]
	leaf     *Yielder[Y, S]
	next     func() (struct{}, bool) // the shell's
	leave    func(struct{}) bool     // the shell's yield
	yield    func(struct{}) bool     // leave while the body runs, else idle
	err      error                   // what Yield will return; after the end, the error of the body
	in       S                       // value sent
	out      Y                       // value yielded

	shell *shell // nil before the start and after the end
	sub   *Yielder[Y, S]
	owner owner
	pc    uintptr // the code of its function, see Where
	ctx   context.Context
	pool  *Pool
}

// owner is the Generator around a Yielder.
type owner interface {
	call() error // runs the body and keeps its result
	exec()
	stop() error // the StopIteration of that result
}

type marks uint8

const (
	given   marks = 1 << iota // the result has been handed out
	once                      // a coroutine object
	claimed                   // a scheduler's task
)

type event uint8

const (
	yielded event = iota
	delegated
	ended
)

// Context returns the context the generator was made with, or that of the
// generator which first delegated to it; context.Background if there is none. In a
// task, the context is done when the task is cancelled; once the task has dealt with
// that and gone on, there is another one, so ask for it where it is needed.
func (y *Yielder[Y, S]) Context() context.Context {
	switch ctx := y.ctx.(type) {
	case nil:
		return context.Background()
	case ContextSource:
		return ctx.Context()
	}
	return y.ctx
}

// Yield suspends the body and hands v to whoever resumed it. It returns the
// value sent to resume it (the zero S for Next), or the zero S and the error
// thrown in, which the body should return unless it handles it.
//
// Yield must be called on the goroutine of the body, while it runs. If it is
// called at another time it returns ErrNotRunning. If another goroutine calls it
// while the body runs, it returns ErrNotRunning in a program built with -race; in
// others the behaviour is undefined.
func (y *Yielder[Y, S]) Yield(v Y) (S, error) {
	// This is kept small enough to be inlined: each return after a switch of
	// stacks is one that the processor mispredicts.
	if raceEnabled && !y.Here() {
		return y.in, ErrNotRunning
	}
	y.out = v
	y.yield(struct{}{})
	return y.in, y.err
}

// note has the shell note what its pool asks for. Like all that is seldom needed, it is not
// part of exec, whose frame stands on the stack of each suspended body.
//
//go:noinline
func (y *Yielder[Y, S]) note() {
	y.leave = y.shell.traced()
	if y.pool != nil && y.pool.Known {
		y.pool.know(y.shell, y.ctx)
	}
}

// idle is the yield of a Yielder whose body is not running.
func idle(struct{}) bool { return false }

// exec runs the body on the current stack, the shell's. If the body calls Goexit, exec
// does not return, even if a deferred function of the body panics then: that panic ends
// here, but Goexit goes on. There should be little on the stack below a body.
func (y *Yielder[Y, S]) exec() {
	y.leave = y.shell.yield // which a new shell has only now
	if y.shell.calls != nil || y.pool != nil && (y.pool.Trace || y.pool.Known) {
		y.note()
	}
	y.yield = y.leave
	raised, returned := ErrGoexit, false
	defer func() {
		if !returned {
			if r := recover(); r != nil {
				p, ok := r.(*PanicError)
				if !ok {
					p = &PanicError{r, debug.Stack()}
				}
				raised = panicking{p}
			}
		}
		y.event, y.err = ended, raised
	}()
	raised = y.owner.call()
	returned = true
}

// leaving returns err as it leaves a body (PEP 479). That is the business of whoever
// drives the body, because the stack of the body should be short.
func leaving(err error) error {
	if !isPanic(err) && is(err, ErrStopIteration) {
		return &RaisedStopError{err}
	}
	return err
}

// step switches to the stack of y, on which Yield or YieldFrom returns y.in or
// y.err, and comes back when the body leaves its stack again.
func (y *Yielder[Y, S]) step() {
	y.event = yielded
	y.yield = y.leave
	y.next()
	y.yield = idle
}

// start gives a created generator a stack. The next step begins the body there.
func (y *Yielder[Y, S]) start() {
	y.shell = y.pool.get()
	y.next = y.shell.next
	y.shell.body = y.owner
}

// end takes the stack from a generator whose body has ended, and returns the error
// of the body.
func (y *Yielder[Y, S]) end() error {
	var in S
	var out Y
	sh, err := y.shell, y.err
	y.shell, y.next, y.leave, y.leaf = nil, nil, nil, nil
	y.in, y.out, y.err = in, out, ErrNotRunning
	y.status.Store(uint32(Closed))
	sh.release()
	if err != nil {
		err = leaving(err)
	}
	return err
}

// link makes s the delegate of y; unlink undoes it.
func (y *Yielder[Y, S]) link(s *Yielder[Y, S]) {
	y.sub, s.leaf = s, nil
	s.parent.Store(y)
	s.inherit(y.ctx, y.pool)
	if s.status.CompareAndSwap(uint32(Created), uint32(Suspended)) {
		s.start()
	}
}

func (y *Yielder[Y, S]) unlink() {
	y.sub.parent.Store(nil)
	y.sub = nil
}

func (y *Yielder[Y, S]) inherit(ctx context.Context, pool *Pool) {
	if y.ctx == nil {
		y.ctx = ctx
	}
	if y.pool == nil {
		y.pool = pool
	}
}

// running reports whether y is running. While a chain of delegates runs, only the
// status of its top says so.
func (y *Yielder[Y, S]) running() bool {
	for ; y != nil; y = y.parent.Load() {
		if State(y.status.Load()) == Running || y.stepping {
			return true
		}
	}
	return false
}

// enter begins an operation. If it returns Suspended, it has made y Running, and
// the caller alone may use y until it sets another state.
func (y *Yielder[Y, S]) enter() (State, error) {
	if y.parent.Load() != nil {
		if y.running() {
			return Running, ErrExecuting
		}
		// A delegate is driven by hand. The leaf that its delegators remember
		// may be another one afterwards.
		for p := y.parent.Load(); p != nil; p = p.parent.Load() {
			p.leaf = nil
		}
	}
	if y.stepping {
		return Running, ErrExecuting
	}
	switch st := State(y.status.Load()); {
	case st == Created, st == Closed:
		return st, nil
	case st == Suspended && y.status.CompareAndSwap(uint32(Suspended), uint32(Running)):
		return Suspended, nil
	default:
		return Running, ErrExecuting
	}
}

// reusable reports whether a closed y answers like a generator, not like a
// coroutine object.
func (y *Yielder[Y, S]) reusable() bool { return y.marks&(once|claimed) == 0 }

// awaitable returns the reason why nobody may begin to delegate to y, which is
// not running.
func (y *Yielder[Y, S]) awaitable() error {
	switch st := State(y.status.Load()); {
	case y.reusable():
		return nil
	case st == Closed:
		return ErrReused
	case st == Suspended || y.marks&claimed != 0:
		return ErrAwaited
	}
	return nil
}

// descend returns the generator to step in order to resume y, and sets the error
// that its Yield will return. It is the leaf, unless somebody else has driven one
// of the delegates to its end, or is driving it now: then it is the delegator of
// that one, whose YieldFrom gets the delegate's answer.
func (y *Yielder[Y, S]) descend(err error) *Yielder[Y, S] {
	for y.sub != nil {
		switch State(y.sub.status.Load()) {
		case Suspended:
			y = y.sub
			continue
		case Running:
			err = ErrExecuting
		case Closed:
			if !y.sub.reusable() {
				err = ErrReused
			}
		}
		y.unlink()
	}
	y.err = err
	return y
}

// resume steps cur, which is y or the leaf below it, and follows it. y is Running.
func (y *Yielder[Y, S]) resume(cur *Yielder[Y, S]) (Y, error) {
	if y.parent.Load() == nil {
		y.leaf = cur
	}
	cur.step()
	return y.conclude(y.follow(cur))
}

// follow goes on after cur has left its stack: to a new delegate, or to the parent
// of one that has ended. If a body yields, follow returns its generator. If y
// itself ends, follow returns nil and the error of its body.
func (y *Yielder[Y, S]) follow(cur *Yielder[Y, S]) (*Yielder[Y, S], error) {
	for {
		switch cur.event {
		case yielded:
			cur.err = ErrNotRunning
			if y.parent.Load() == nil {
				y.leaf = cur
			}
			return cur, nil
		case delegated:
			var none S
			cur.err = ErrNotRunning
			cur = cur.sub.descend(nil)
			cur.in, cur.isNext = none, true
		case ended:
			err := cur.end()
			if cur == y {
				return nil, err
			}
			cur = cur.parent.Load()
			cur.unlink()
			cur.err = err
		}
		if y.parent.Load() == nil {
			y.leaf = cur
		}
		cur.step()
	}
}

// conclude turns the results of follow into those of the operation.
func (y *Yielder[Y, S]) conclude(cur *Yielder[Y, S], err error) (Y, error) {
	if cur != nil {
		y.status.Store(uint32(Suspended))
		return cur.out, nil
	}
	var zero Y
	switch err := err.(type) {
	case nil:
		return zero, y.owner.stop()
	case panicking:
		panic(err.PanicError)
	default:
		return zero, err
	}
}

func (y *Yielder[Y, S]) send(v S, isNext bool) (Y, error) {
	if y.parent.Load() == nil && !y.stepping && State(y.status.Load()) == Suspended &&
		y.status.CompareAndSwap(uint32(Suspended), uint32(Running)) {
		// The short way from one Yield to the next.
		if cur := y.leaf; cur != nil {
			cur.in, cur.isNext, cur.err = v, isNext, nil
			cur.step()
			if cur.event == yielded {
				cur.err = ErrNotRunning
				y.status.Store(uint32(Suspended))
				return cur.out, nil
			}
			return y.conclude(y.follow(cur))
		}
	} else if err := y.begin(v, isNext); err != nil {
		var zero Y
		return zero, err
	}
	cur := y.descend(nil)
	cur.in, cur.isNext = v, isNext
	return y.resume(cur)
}

// begin is enter for Send and Next, which start a generator that is created.
func (y *Yielder[Y, S]) begin(v S, isNext bool) error {
	switch st, err := y.enter(); {
	case err != nil:
		return err
	case st == Closed && !y.reusable():
		return ErrReused
	case st == Closed:
		return y.owner.stop()
	case st == Created:
		if !isNext && any(v) != nil {
			return ErrJustStarted
		}
		if !y.status.CompareAndSwap(uint32(Created), uint32(Running)) {
			return ErrExecuting
		}
		y.start()
	}
	return nil
}

func (y *Yielder[Y, S]) throw(e error) (Y, error) {
	if e == nil {
		panic("coroutine: Throw of a nil error")
	}
	var zero Y
	switch st, err := y.enter(); {
	case err != nil:
		return zero, err
	case st == Closed && !y.reusable():
		return zero, ErrReused
	case st == Closed:
		return zero, e
	case st == Created:
		if !y.status.CompareAndSwap(uint32(Created), uint32(Closed)) {
			return zero, ErrExecuting
		}
		return zero, e
	}
	if y.sub != nil && is(e, GeneratorExit) {
		return y.resume(y.closeSub(e))
	}
	cur := y.descend(e)
	var none S
	cur.in = none
	return y.resume(cur)
}

// closeSub closes the delegate of y, if it has one, and returns y. The next step
// throws e into y, or the error of that Close if there was one.
func (y *Yielder[Y, S]) closeSub(e error) *Yielder[Y, S] {
	if y.sub != nil {
		y.leaf = nil
		if err := y.sub.closeLinked(); err != nil {
			e = err
		}
		y.unlink()
	}
	var none S
	y.in, y.err = none, e
	return y
}

// closeLinked closes y on behalf of its parent, which is running, and drops the
// result of y.
func (y *Yielder[Y, S]) closeLinked() error {
	if y.status.CompareAndSwap(uint32(Suspended), uint32(Running)) {
		err := y.exit()
		if State(y.status.Load()) == Closed {
			y.owner.stop()
		}
		return err
	}
	if State(y.status.Load()) == Running {
		return ErrExecuting
	}
	return nil
}

// exit closes the delegate of y, which is Running, and then throws GeneratorExit
// into y. It returns nil if y ends by returning, or by raising GeneratorExit.
func (y *Yielder[Y, S]) exit() error {
	cur := y.closeSub(GeneratorExit)
	if y.parent.Load() == nil {
		y.leaf = cur
	}
	cur.step()
	cur, err := y.follow(cur)
	switch {
	case cur != nil:
		y.status.Store(uint32(Suspended))
		return ErrIgnoredExit
	case is(err, GeneratorExit) && !isPanic(err):
		return nil
	}
	return err
}

func (y *Yielder[Y, S]) close() error {
	switch st, err := y.enter(); {
	case err != nil:
		return err
	case st == Created:
		if !y.status.CompareAndSwap(uint32(Created), uint32(Closed)) {
			return ErrExecuting
		}
		return nil
	case st == Closed:
		return nil
	}
	err := y.exit()
	if p, ok := err.(panicking); ok {
		panic(p.PanicError)
	}
	return err
}
