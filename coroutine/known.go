package coroutine

import (
	"context"
	"runtime"
)

// A Stack is a stack of a [Pool] with Known that a generator has begun to run on and not
// left yet, whether it runs or is suspended.
type Stack struct {
	Goroutine uint64          // its number, as Go's stack traces have it
	Given     context.Context // what Init or Inherit has given to the generator
}

// Stacks returns the stacks that generators are on. It may be called on any goroutine, and
// takes time in proportion to their number.
func (p *Pool) Stacks() (all []Stack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := p.known; k != nil; k = k.next {
		all = append(all, k.Stack)
	}
	return all
}

// known is what a pool knows of a shell. It is in the list of the pool as long as a
// generator is on the shell.
type known struct {
	Stack
	listed     bool
	prev, next *known
}

// know puts the running shell into the list of p, with the context of its generator.
func (p *Pool) know(s *shell, given context.Context) {
	k := s.known
	if k == nil {
		k = &known{Stack: Stack{Goroutine: goroutineNumber()}}
		s.known = k
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	k.Given, k.listed, k.prev, k.next = given, true, nil, p.known
	if p.known != nil {
		p.known.prev = k
	}
	p.known = k
}

// forget takes a shell out of the list of p, if it is there. The caller holds the lock.
func (p *Pool) forget(s *shell) {
	k := s.known
	if k == nil || !k.listed {
		return
	}
	if k.next != nil {
		k.next.prev = k.prev
	}
	if k.prev != nil {
		k.prev.next = k.next
	} else {
		p.known = k.next
	}
	k.Given, k.listed, k.prev, k.next = nil, false, nil, nil
}

// goroutineNumber returns the number of the calling goroutine, which the first line of a
// stack trace begins with: "goroutine 18 [running]:". That takes about a microsecond.
func goroutineNumber() (id uint64) {
	var trace [64]byte
	n := runtime.Stack(trace[:], false)
	for _, c := range trace[len("goroutine "):n] {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}
