package loop

import "fmt"

// Watch has w told of the readiness of fd, a non-blocking descriptor, until
// Unwatch (loop.add_reader and add_writer in one). Each change is reported once,
// so w remembers it. Unwatch comes before fd is closed.
func (l *Loop) Watch(fd int, w Watcher) error {
	l.check()
	switch {
	case l.closed:
		return ErrClosed
	case w == nil:
		return fmt.Errorf("watch descriptor %d: the watcher is nil", fd)
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

// Unwatch ends what Watch began.
func (l *Loop) Unwatch(fd int) {
	l.check()
	if fd < len(l.watchers) && l.watchers[fd] != nil {
		l.watchers[fd] = nil
		l.system.Remove(fd)
	}
}
