package loop

import (
	"context"
	"sync"
)

// doneState is what the context of a task has once somebody has asked for it, or
// from the start if it inherits values. It may be used on any goroutine.
type doneState struct {
	values context.Context // the inherited ones; nil for none
	done   chan struct{}

	mu   sync.Mutex
	over bool
}

func newDoneState() *doneState { return &doneState{done: make(chan struct{})} }

var doneAlready = func() *doneState {
	s := &doneState{done: make(chan struct{}), over: true}
	close(s.done)
	return s
}()

func (s *doneState) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

func (s *doneState) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over = true
		close(s.done)
	}
}
