package coroutine

// For schedulers only, such as an event loop. This file has the operations by which
// a scheduler makes a generator part of a task, steps it, finds out which body
// runs and where, and looks after the stacks of a pool. A program that only uses
// generators needs none of them.

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// Init makes the zero Generator what [NewIn] returns, so that a Generator can be
// part of a larger value. ctx becomes the context of its Yielder. ctx and pool may
// be nil.
func (g *Generator[Y, S, R]) Init(ctx context.Context, pool *Pool, body func(*Yielder[Y, S]) (R, error)) {
	g.body = body
	// A func value points to a pointer to its code. The body itself is let go at
	// the start, so that it keeps nothing alive.
	g.y.pc = **(**uintptr)(unsafe.Pointer(&body))
	g.y.ctx, g.y.pool, g.y.owner = ctx, pool, g
	g.y.yield, g.y.err = idle, ErrNotRunning
}

// Inherit gives the generator ctx if it has no context and pool if it has no pool,
// as the first generator that delegates to it does. It must be called before the
// start.
func (g *Generator[Y, S, R]) Inherit(ctx context.Context, pool *Pool) { g.y.inherit(ctx, pool) }

// A ContextSource is a context given to Init or Inherit that stands for others: the
// Context of a Yielder is what its Context method returns then.
type ContextSource interface {
	context.Context
	Context() context.Context
}

// Given returns the context that y was given by Init or Inherit, nil if there is none.
func (y *Yielder[Y, S]) Given() context.Context { return y.ctx }

// Claim makes the generator a task of the caller: a coroutine object (see
// NewCoroutine) that nobody else may await. It succeeds once. A second claim
// leaves the generator and its first owner unharmed and returns ErrReused if the
// generator has ended, ErrExecuting if it is running, otherwise ErrAwaited, which
// is also the answer if a YieldFrom delegates to it. Claim may be called from any
// goroutine.
func (g *Generator[Y, S, R]) Claim() error {
	y := &g.y
	if y.parent.Load() != nil && !y.running() {
		return ErrAwaited
	}
	st, err := y.enter()
	switch {
	case err != nil:
		return err
	case st == Closed:
		return ErrReused
	case st == Created && !y.status.CompareAndSwap(uint32(Created), uint32(Running)):
		return ErrExecuting
	}
	// The generator is Running, so that this goroutine alone has it.
	if y.marks&claimed != 0 {
		err = ErrAwaited
	}
	y.marks |= claimed
	y.status.Store(uint32(st))
	return err
}

// Stepper returns the operations by which a scheduler drives the generator. From
// then on, the scheduler must be the only one to drive it.
func (g *Generator[Y, S, R]) Stepper() *Stepper[Y, S] { return (*Stepper[Y, S])(&g.y) }

// A Stepper drives a Generator that has one owner, who steps it often. It is
// faster than the Generator itself because it does not notice if several
// goroutines use it at the same time, which they must not.
type Stepper[Y, S any] Yielder[Y, S]

// Step is Next of the generator.
func (s *Stepper[Y, S]) Step() (Y, error) {
	if resume := s.Begin(); resume != nil {
		resume()
		return s.End()
	}
	var none S
	return (*Yielder[Y, S])(s).send(none, true)
}

// Begin is the first part of a Step that is written out in its caller:
//
//	if resume := s.Begin(); resume != nil {
//		resume()
//		v, err = s.End()
//	} else {
//		v, err = s.Step()
//	}
//
// That saves a return after the switch of stacks, which the processor would
// mispredict. If Begin returns nil, the generator is not suspended, or its
// delegates have been driven by somebody else; call Step instead.
func (s *Stepper[Y, S]) Begin() (resume func() (struct{}, bool)) {
	y := (*Yielder[Y, S])(s)
	cur := y.leaf
	if cur == nil || y.stepping || State(y.status.Load()) != Suspended {
		return nil
	}
	y.stepping = true
	var none S
	cur.in, cur.isNext, cur.err = none, true, nil
	cur.event = yielded
	cur.yield = cur.leave
	return cur.next
}

// End returns the results of the Step that Begin began.
func (s *Stepper[Y, S]) End() (Y, error) {
	y := (*Yielder[Y, S])(s)
	cur := y.leaf
	cur.yield = idle
	y.stepping = false
	if cur.event != yielded {
		y.status.Store(uint32(Running))
		return y.conclude(y.follow(cur))
	}
	cur.err = ErrNotRunning
	return cur.out, nil
}

// Throw is Throw of the generator.
func (s *Stepper[Y, S]) Throw(err error) (Y, error) { return (*Yielder[Y, S])(s).throw(err) }

// Here reports whether the body of y is running on the calling goroutine. It is
// false before the start and after the end, and while the body is suspended or
// delegates. It costs little more than a nanosecond, so a scheduler can ask at
// each park; on systems other than amd64 and arm64 it costs a microsecond.
func (y *Yielder[Y, S]) Here() bool {
	return y.shell != nil && y.shell.g == getg()
}

// Innermost returns the Yielder of the body that runs on behalf of g: its own, or
// that of the generator at the end of its chain of delegates. It returns nil if g
// is not running. It must be called on the goroutine of a running body.
func (g *Generator[Y, S, R]) Innermost() *Yielder[Y, S] {
	y := &g.y
	if !y.running() {
		return nil
	}
	if y.leaf != nil {
		return y.leaf
	}
	for y.sub != nil {
		y = y.sub
	}
	return y
}

// SetFunc says which function the generator stands for, if its body is only an
// adapter that calls that function: pc is the function's code pointer, as
// [reflect.Value.Pointer] returns it. It must be called before the start.
func (g *Generator[Y, S, R]) SetFunc(pc uintptr) { g.y.pc = pc }

// Where returns the function that the generator runs, which is its body unless
// SetFunc was called, and a place in it: of a suspended generator whose pool has
// Trace, the line where it is suspended, otherwise the line of the function's
// declaration. The declaration of a method value's method is not known: its file
// is empty then.
func (g *Generator[Y, S, R]) Where() (function, file string, line int) {
	at := declared(g.y.pc)
	if g.State() == Suspended {
		for _, f := range g.y.frames(nil) {
			if f.Function == at.Function {
				at = f // of a recursion, the outermost is the last
			}
		}
	}
	return at.Function, at.File, at.Line
}

// declared returns the function whose code is at pc.
func declared(pc uintptr) runtime.Frame {
	// A Frame is made for the call before pc, hence the 1.
	f, _ := runtime.CallersFrames([]uintptr{pc + 1}).Next()
	if name, ok := strings.CutSuffix(f.Function, "-fm"); ok {
		return runtime.Frame{Function: name} // the compiler's adapter
	}
	return f
}

// Frames returns the calls under way in a suspended generator and in the generators
// it delegates to, innermost first, beginning with the one that called Yield. There
// are none unless its pool has Trace.
func (g *Generator[Y, S, R]) Frames() []runtime.Frame {
	if g.State() != Suspended {
		return nil
	}
	return g.y.allFrames()
}

func (y *Yielder[Y, S]) allFrames() (all []runtime.Frame) {
	if y.sub != nil {
		all = y.sub.allFrames()
	}
	return y.frames(all)
}

// frames appends the calls of y's own body to all.
func (y *Yielder[Y, S]) frames(all []runtime.Frame) []runtime.Frame {
	if y.shell == nil || y.shell.calls == nil {
		return all
	}
	for frames := runtime.CallersFrames(*y.shell.calls); ; {
		f, more := frames.Next()
		ours := strings.HasPrefix(f.Function, "coloop/coroutine.")
		if !more || ours && strings.HasSuffix(f.Function, ".call") {
			return all // the next frames are those that run the body
		}
		if !ours {
			all = append(all, f)
		}
	}
}

// These bound what Trim does.
const (
	alwaysKept = 64   // idle stacks that Trim does not count
	trimStep   = 4096 // stacks that one Trim ends at most, which takes about a millisecond
)

// Trim ends idle stacks that no generator has needed since the call before, the
// longest unused ones first, and returns how many more a later Trim might end.
// If that is 0, Trim has nothing to do until the pool has been used again. A
// scheduler calls it now and then, about once a second, so that a burst of
// generators does not leave its stacks for ever. A few idle stacks are always
// kept, and one call ends no more than it can in about a millisecond.
func (p *Pool) Trim() (left int) {
	unused, left := p.trim()
	for _, s := range unused {
		s.stop()
	}
	return left
}

// trim takes the stacks out of the pool that Trim ends.
func (p *Pool) trim() (unused []*shell, left int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := min(p.low, len(p.idle)-alwaysKept, trimStep); n > 0 {
		unused = slices.Clone(p.idle[:n])
		p.idle = slices.Delete(p.idle, 0, n)
		for _, s := range unused {
			p.stacks.remove(s.g)
		}
	}
	// A slice does not give memory back by itself.
	if cap(p.idle) > 4*(len(p.idle)+alwaysKept) {
		p.idle = slices.Clone(p.idle)
	}
	p.stacks.shrink()
	p.low = len(p.idle)
	return unused, max(0, len(p.idle)-alwaysKept)
}

// Adopt has Owns report true on the calling goroutine too, until release is called
// there.
func (p *Pool) Adopt() (release func()) {
	g := getg()
	p.enter(g)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stacks.remove(g)
	}
}

// Owns reports whether the calling goroutine is one of the pool's stacks, or
// adopted. It takes no lock, and costs as much as [Yielder.Here] and a nanosecond.
func (p *Pool) Owns() bool { return p.stacks.has(getg()) }
