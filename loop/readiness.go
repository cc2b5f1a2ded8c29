package loop

import (
	"errors"
	"fmt"
	"syscall"
)

// AddReader has fn called, as a callback, each time the loop asks the system and fd is readable,
// at its end or broken, until [Loop.RemoveReader] (loop.add_reader). It replaces the function
// that AddReader was given before. fd, a non-blocking descriptor, stays the caller's, who must
// call RemoveReader before closing it.
//
// It is an error if fd is not open, if the system cannot watch it (a regular file or
// directory, which is always ready), or if it is watched by somebody else: that of a
// connection for example, see [Loop.Watch]. On a closed loop AddReader returns [ErrClosed].
// It belongs to the goroutine of the loop, as do the other functions for descriptors.
func (l *Loop) AddReader(fd int, fn func()) error {
	return l.addCall(fd, "reader", fn, (*readiness).reading)
}

// AddWriter is [Loop.AddReader] for a descriptor that can be written to, or is broken
// (loop.add_writer). The two are independent of each other.
func (l *Loop) AddWriter(fd int, fn func()) error {
	return l.addCall(fd, "writer", fn, (*readiness).writing)
}

// RemoveReader takes back [Loop.AddReader], and reports whether there was a function to take
// back (loop.remove_reader). That function is not called any more, even if the turn under
// way has found fd readable.
func (l *Loop) RemoveReader(fd int) bool { return l.removeCall(fd, (*readiness).reading) }

// RemoveWriter takes back [Loop.AddWriter], as [Loop.RemoveReader] does for AddReader
// (loop.remove_writer).
func (l *Loop) RemoveWriter(fd int) bool { return l.removeCall(fd, (*readiness).writing) }

// WaitReadable parks the task of y until fd, a non-blocking descriptor, is readable, at its
// end or broken (trio.lowlevel.wait_readable). If several tasks wait for the same, all go on.
// fd must not be closed meanwhile. The errors are those of [Loop.AddReader].
func WaitReadable(y *Yielder, fd int) error {
	return waitReady(y, fd, "WaitReadable", (*readiness).reading)
}

// WaitWritable is [WaitReadable] for a descriptor that can be written to, or is broken
// (trio.lowlevel.wait_writable).
func WaitWritable(y *Yielder, fd int) error {
	return waitReady(y, fd, "WaitWritable", (*readiness).writing)
}

// A readiness is the [Watcher] of a descriptor for whose readiness functions and tasks wait.
//
// The system reports each change to ready once. As long as somebody waits, the descriptor is
// added anew before each call, so that a descriptor that is still ready is reported in the next turn.
type readiness struct {
	loop        *Loop
	fd          int
	read, write direction
	reported    bool // since it was last added
}

// direction is who waits for one direction of a descriptor.
type direction struct {
	call *readyCall // nil if there is none
	lot  ParkingLot
}

func (r *readiness) reading() *direction { return &r.read }
func (r *readiness) writing() *direction { return &r.write }

// readyCall is the function of AddReader or AddWriter as the callback of a Handle.
type readyCall struct {
	of     *readiness
	fn     func() // nil once it is removed
	handle Handle
	due    bool // in the ready queue
}

func (l *Loop) addCall(fd int, what string, fn func(), way func(*readiness) *direction) error {
	l.check()
	err := error(ErrClosed)
	switch {
	case l.closed:
		return err
	case fn == nil:
		err = errors.New("the function is nil")
	default:
		var r *readiness
		if r, err = l.awaitReady(fd); err == nil {
			d := way(r)
			d.remove()
			d.call = &readyCall{of: r, fn: fn}
			d.call.handle.cb = d.call
			return nil
		}
	}
	return fmt.Errorf("add a %s for descriptor %d: %w", what, fd, err)
}

func (l *Loop) removeCall(fd int, way func(*readiness) *direction) bool {
	l.check()
	r := l.readinessOf(fd)
	if r == nil || !way(r).remove() {
		return false
	}
	r.leave()
	return true
}

func waitReady(y *Yielder, fd int, kind string, way func(*readiness) *direction) error {
	t, err := runningTask(y)
	if err == nil {
		var r *readiness
		if r, err = t.fut.loop.awaitReady(fd); err == nil {
			defer r.leave()
			lot := &way(r).lot
			lot.Kind, lot.Owner = kind, descriptorName(fd)
			_, err := lot.Park(y, nil)
			return err
		}
	}
	return fmt.Errorf("wait for descriptor %d: %w", fd, err)
}

// readinessOf returns the readiness of fd, nil if there is none.
func (l *Loop) readinessOf(fd int) *readiness {
	if uint(fd) >= uint(len(l.watchers)) {
		return nil
	}
	r, _ := l.watchers[fd].(*readiness)
	return r
}

// awaitReady returns a readiness of fd that will hear what fd is now.
func (l *Loop) awaitReady(fd int) (*readiness, error) {
	if r := l.readinessOf(fd); r != nil {
		return r, r.again()
	}
	r := &readiness{loop: l, fd: fd}
	err := l.Watch(fd, r)
	if errors.Is(err, syscall.EPERM) {
		err = fmt.Errorf("the system cannot watch it, as it is a regular file or always ready for another reason: %w", err)
	}
	return r, err
}

// String describes the Watcher.
func (r *readiness) String() string { return "functions or tasks that wait for its readiness" }

// descriptorName is the Owner of a lot.
type descriptorName int

func (fd descriptorName) String() string { return fmt.Sprintf("descriptor %d", int(fd)) }

// Ready is called by the loop.
func (r *readiness) Ready(read, write, _ bool) {
	r.reported = true
	if read {
		r.read.wake(r.loop)
	}
	if write {
		r.write.wake(r.loop)
	}
}

// Close lets go of the functions when the loop is closed.
func (r *readiness) Close() error {
	r.read.remove()
	r.write.remove()
	return nil
}

func (d *direction) wake(l *Loop) {
	if c := d.call; c != nil && !c.due {
		c.due = true
		l.enqueue(&c.handle)
	}
	for d.lot.wakeNext() {
	}
}

// again has the system report the readiness that fd has now.
func (r *readiness) again() error {
	if !r.reported {
		return nil
	}
	r.reported = false
	r.loop.system.Remove(r.fd)
	return r.loop.system.Add(r.fd)
}

// remove takes away the function, and reports whether there was one.
func (d *direction) remove() bool {
	c := d.call
	if c == nil {
		return false
	}
	d.call, c.fn = nil, nil
	return true
}

// leave ends the watch if nobody waits any more.
func (r *readiness) leave() {
	idle := func(d *direction) bool { return d.call == nil && d.lot.Len() == 0 }
	if idle(&r.read) && idle(&r.write) && r.loop.readinessOf(r.fd) == r {
		r.loop.Unwatch(r.fd)
	}
}

func (c *readyCall) run(l *Loop) {
	c.due = false
	if c.fn == nil {
		return
	}
	// The system looks at the descriptor again when the loop next waits, so this can come
	// before fn: if fn panics, or removes itself, nothing is left to do.
	if err := c.of.again(); err != nil {
		l.CallExceptionHandler(ExceptionContext{
			Message:   fmt.Sprintf("descriptor %d is not watched any more; was it closed before its reader or writer was removed?", c.of.fd),
			Exception: err,
		})
		_ = c.of.Close()
		c.of.leave()
		return
	}
	c.fn()
}
