package loop

import "fmt"

// Watch has w told of the readiness of fd, a non-blocking descriptor, until
// [Loop.Unwatch] (loop.add_reader and add_writer in one). The readiness at the call
// and each change to ready are reported once, so w must remember them. Unwatch must be
// called before fd is closed. A descriptor has one Watcher: Watch of one that is watched is an
// error. On a closed loop Watch returns [ErrClosed].
//
// [Loop.AddReader] and [WaitReadable] are easier to use.
func (l *Loop) Watch(fd int, w Watcher) error {
	l.check()
	switch {
	case l.closed:
		return ErrClosed
	case w == nil:
		return fmt.Errorf("watch descriptor %d: the watcher is nil", fd)
	case uint(fd) < uint(len(l.watchers)) && l.watchers[fd] != nil:
		return fmt.Errorf("watch descriptor %d: it is in use by %s", fd, watcherName(l.watchers[fd]))
	}
	if err := l.system.Add(fd); err != nil {
		return err
	}
	for len(l.watchers) <= fd {
		l.watchers = append(l.watchers, make([]Watcher, max(64, len(l.watchers)))...)
	}
	l.watchers[fd] = w
	return nil
}

// Unwatch ends what [Loop.Watch] began (loop.remove_reader and remove_writer in one).
// fd may stay open, and be watched again. If fd is not watched, Unwatch does nothing.
func (l *Loop) Unwatch(fd int) {
	l.check()
	if uint(fd) < uint(len(l.watchers)) && l.watchers[fd] != nil {
		l.watchers[fd] = nil
		l.system.Remove(fd)
	}
}

// watcherName describes w in an error.
func watcherName(w Watcher) string {
	if s, ok := w.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("a %T", w)
}
