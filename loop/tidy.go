package loop

import "time"

// keep is how long the loop keeps memory that it does not need.
const keep = time.Second

// tidyEvery is how many waits a loop with an exact order of events makes between
// two tidyings. Real time must not decide there.
const tidyEvery = 1024

// untidied is called before a wait if anything has run since the loop was tidied.
func (l *Loop) untidied() {
	switch {
	case l.patience == 0:
		if l.waits%tidyEvery == 0 {
			l.tidy()
		}
	case l.tidier == nil:
		l.tidier, l.tidying = time.AfterFunc(keep, l.askToTidy), true
	case !l.tidying:
		l.tidier.Reset(keep)
		l.tidying = true
	}
}

// askToTidy is called on a goroutine of its own.
func (l *Loop) askToTidy() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.shut {
		l.tidyDue = true
		l.inbox.Add(1) // so that the loop calls receive
		l.system.Wake()
	}
}

// tidy gives back memory that has not been needed since the last tidying: stacks, room
// for handles and timers, and unused items of the free lists. While there may be more
// to give back, the next wait asks for another tidying.
func (l *Loop) tidy() {
	more := l.stacks.Trim() > 0
	for _, t := range []trimmer{&l.ready, &l.timers, l.freeSleepers, l.freeParked} {
		if t != nil && t.trim() {
			more = true
		}
	}
	l.unseen.trim()
	n := len(l.watchers)
	for n > smallest && l.watchers[n-1] == nil {
		n--
	}
	if n < len(l.watchers)/4 {
		l.watchers = append(make([]Watcher, 0, n), l.watchers[:n]...)
	}
	l.mu.Lock()
	if len(l.incoming) == 0 && cap(l.incoming) > smallest {
		l.incoming = nil
	}
	l.mu.Unlock()
	l.tidying, l.tidyNow, l.ran = false, false, more
}
