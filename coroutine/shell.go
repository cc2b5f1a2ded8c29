package coroutine

import (
	"iter"
	"runtime"
	"sync"
)

// A shell is a stack that bodies run on, one after the other: the goroutine
// behind an iter.Pull. next switches to it, yield switches back.
type shell struct {
	g       uintptr
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	body    interface{ exec() }
	foreign *any       // what the body delegates to without a link
	pool    *Pool      // if nil, the goroutine ends with its first body
	goexit  bool       // the body called runtime.Goexit, see hold
	calls   *[]uintptr // with Pool.Trace, the calls that led to the last Yield
	known   *known     // with Pool.Known, for Stacks
}

func newShell(p *Pool) *shell {
	s := &shell{pool: p}
	s.next, s.stop = iter.Pull(s.loop)
	return s
}

func (s *shell) loop(yield func(struct{}) bool) {
	s.g, s.yield = getg(), yield
	if s.pool != nil {
		s.pool.enter(s.g)
	}
	defer func() {
		if s.body != nil {
			s.hold()
		}
	}()
	for {
		s.body.exec()
		s.body = nil
		if s.pool == nil || !yield(struct{}{}) {
			return
		}
	}
}

// traced returns the function by which the body's Yield switches back, if calls are to
// be noted.
//
//go:noinline
func (s *shell) traced() func(struct{}) bool {
	if s.pool == nil || !s.pool.Trace {
		s.calls = nil // an earlier body's
		return s.yield
	}
	return func(struct{}) bool {
		const deepest = 64
		if s.calls == nil {
			calls := make([]uintptr, deepest)
			s.calls = &calls
		}
		*s.calls = (*s.calls)[:runtime.Callers(2, (*s.calls)[:deepest])]
		return s.yield(struct{}{})
	}
}

// hold ends a body that called Goexit, on its stack. Goexit cannot be cancelled,
// so the stack parks here until release calls stop. Then Goexit would end the
// goroutine that called stop as well, because iter.Pull hands it on; a panic is
// handed on instead of it, and release recovers that.
func (s *shell) hold() {
	s.goexit = true
	s.yield(struct{}{})
	panic(ErrGoexit)
}

// release is called after the end of a body, on the stack of its driver.
func (s *shell) release() {
	switch {
	case s.goexit:
		s.pool.leave(s)
		defer func() { recover() }() // the panic of hold
		s.stop()
	case s.pool != nil && !s.pool.put(s):
		s.pool.leave(s)
		s.stop()
	}
}

// A Pool keeps the stacks of generators that have ended for new ones, which start
// faster on a stack that has already grown. The zero value is an empty
// pool without a limit; a nil *Pool keeps nothing. Its methods may be called
// from any goroutine, but Close and Trim end stacks, and a stack that was made on
// a goroutine that is locked to its thread (see [runtime.LockOSThread]) must be
// used and ended on that thread.
type Pool struct {
	// Max is how many idle stacks are kept at most; 0 means no limit. It must
	// not be changed once the pool is in use.
	Max int

	// Trace has every generator note, at each Yield and YieldFrom, the calls
	// that led there, for Frames and Where. It applies to generators that start
	// after it was set, and must not be changed while one starts.
	Trace bool

	// Known has the pool know which generator is on which stack, for Stacks. It
	// applies to generators that start after it was set, and must not be changed while
	// one starts.
	Known bool

	mu     sync.Mutex
	idle   []*shell // the last was used last
	low    int      // the least that idle held since the last Trim
	stacks owners   // of all its shells, idle or in use, and adopted
	known  *known   // the list of those that a generator is on
	closed bool
}

// Close ends the idle stacks. A stack that is in use ends with its body.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.low, p.closed = nil, 0, true
	for _, s := range idle {
		p.stacks.remove(s.g)
	}
	p.stacks.shrink()
	p.mu.Unlock()
	for _, s := range idle {
		s.stop()
	}
}

func (p *Pool) get() *shell {
	if p == nil {
		return newShell(nil)
	}
	p.mu.Lock()
	n := len(p.idle) - 1
	if n < 0 {
		p.mu.Unlock()
		return newShell(p)
	}
	s := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	p.low = min(p.low, n)
	p.mu.Unlock()
	return s
}

func (p *Pool) put(s *shell) bool {
	p.mu.Lock()
	p.forget(s)
	keep := !p.closed && (p.Max <= 0 || len(p.idle) < p.Max)
	if keep {
		p.idle = append(p.idle, s)
	}
	p.mu.Unlock()
	return keep
}

func (p *Pool) enter(g uintptr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stacks.add(g)
}

func (p *Pool) leave(s *shell) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(s)
	p.stacks.remove(s.g)
}
