package loop

import "sync"

// doneState is what the context of a task has once somebody has asked for it. It
// may be used on any goroutine.
type doneState struct {
	mu   sync.Mutex
	done chan struct{}
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
