//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

// Package poll makes a [loop.System] of gnet's poller (epoll or kqueue): it tells the
// time, and waits until there are events, until a given time, or until another goroutine
// ends the wait. It does not know the loop.
package poll

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	gneterrors "github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
)

// Forever is a time that never comes.
const Forever = time.Duration(math.MaxInt64)

// A Poller waits for descriptors, edge-triggered, and tells the time.
//
// netpoll.Poller.Polling calls back for each event and comes back only by being
// shut down, which loses the rest of its batch. So it runs as a coroutine, and
// Wait is its Next: it stays where it is, in the middle of a batch if need be,
// until the next Wait.
//
// Polling blocks for as long as there are no events and knows no end of a batch.
// Therefore a descriptor of our own, level-triggered, the flag, is kept readable
// ("raised") while the Wait is not to block: such a Wait ends with the event of
// the flag. A Wait that may block ends with the first event that is enough.
type Poller struct {
	poller  *netpoll.Poller
	resume  func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	failure error
	base    time.Time
	report  func(fd int, read, write, hangup bool) (enough bool)
	waiting bool
	removed []bool // by descriptor number: Remove has been called since the last Add

	flag   flag
	raised atomic.Bool // the flag is readable, or its raiser is about to write
	// flagged says that the flag has been seen readable since it was last lowered. A
	// goroutine that is held up in raise can write after its Wake has been taken and
	// raised is false again; the flag would then end every Wait.
	flagged bool
	woken   atomic.Bool // by Wake, since the last Wait
	broken  atomic.Pointer[error]
	timer   timer
	armed   time.Duration // the time the timer is set to
}

// Open returns a poller whose clock is at 0.
func Open() (_ *Poller, err error) {
	p := &Poller{base: time.Now(), armed: Forever, stop: func() {}}
	if p.poller, err = netpoll.OpenPoller(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.poller.Close())
		}
	}()
	if err = p.flag.open(); err != nil {
		return nil, err
	}
	if err = p.poller.AddRead(&netpoll.PollAttachment{FD: p.flag.fd()}, false); err != nil {
		return nil, errors.Join(err, p.flag.close())
	}
	if err = p.timer.open(p); err != nil {
		return nil, errors.Join(err, p.flag.close())
	}
	return p, nil
}

// Now returns the time since Open.
func (p *Poller) Now() time.Duration { return time.Since(p.base) }

// Wait reports descriptors that have become ready. If until has come, it reports the
// descriptors that are ready now and returns; else it returns once report returns true,
// at until, or when Wake is called. After an error the poller can only be closed.
//
// Wait must be called by one goroutine at a time. report is called on a goroutine
// of the poller's, while Wait waits for it. If report panics, Wait panics with the
// same value, and later Waits return an error.
func (p *Poller) Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error {
	p.report, p.waiting = report, until > 0
	if p.waiting && until != Forever {
		now := p.Now()
		if p.armed <= now {
			p.armed = Forever // it has gone off
		}
		if until <= now {
			p.waiting = false
		} else if until < p.armed {
			if err := p.timer.set(until - now); err != nil {
				return err
			}
			p.armed = until
		}
	}
	if p.waiting && (p.flagged || p.raised.Load()) {
		if err := p.flag.lower(); err != nil {
			return err
		}
		p.flagged = false
		p.raised.Store(false)
		// A goroutine that called Wake before the flag was lowered found it up
		// and did not raise it again.
		p.waiting = !p.woken.Load()
	}
	if !p.waiting {
		p.raise()
	}
	if p.resume == nil {
		// This is not done in Open: if the goroutine is locked to its thread, a
		// coroutine must be made on the thread that resumes it.
		p.resume, p.stop = iter.Pull(p.polling)
	}
	// A Wake that breaks the poller after this look raises its alarm after Wait has set
	// the timer.
	if err := p.broken.Load(); err != nil {
		return *err
	}
	if _, ok := p.resume(); !ok {
		return p.failure
	}
	p.woken.Store(false) // the caller now sees what was scheduled before Wake
	if err := p.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// errGoexit is returned by each Wait after one whose report has called runtime.Goexit.
var errGoexit = errors.New("poll: the report of an earlier event has called runtime.Goexit")

// polling is the coroutine. If report panics, so does Wait; there is nothing to resume
// after that, so all later Waits return p.failure.
func (p *Poller) polling(yield func(struct{}) bool) {
	p.yield = yield
	p.failure = errGoexit
	defer func() {
		if r := recover(); r != nil {
			p.failure = fmt.Errorf("poll: the report of an earlier event has panicked: %v", r)
			panic(r)
		}
	}()
	p.failure = os.NewSyscallError("poll", p.poller.Polling(p.event))
}

// pause ends the Wait under way; Polling is to end if it returns an error.
func (p *Poller) pause() error {
	if !p.yield(struct{}{}) {
		return gneterrors.ErrEngineShutdown
	}
	return nil
}

// event is called by Polling.
func (p *Poller) event(fd int, ev netpoll.IOEvent, flags netpoll.IOFlags) error {
	if p.isRemoved(fd) {
		_ = p.poller.Delete(fd) // fails if fd is closed, and then it is deleted already
		return nil
	}
	switch fd {
	case p.flag.fd():
		p.flagged = true
	case p.timer.fd():
	default:
		broken := netpoll.IsErrorEvent(ev, flags)
		enough := p.report(fd,
			netpoll.IsReadEvent(ev) || broken,
			netpoll.IsWriteEvent(ev) || broken,
			broken || hangup(ev, flags))
		if !p.waiting || !enough {
			return nil
		}
	}
	return p.pause()
}

// Wake ends the Wait under way, or the next one. It may be called on any
// goroutine, but not after Close.
func (p *Poller) Wake() {
	p.woken.Store(true)
	p.raise()
}

// raise raises the flag. If the system refuses that, nothing could wake the loop. So the
// alarm ends the Wait instead, and that Wait and every later one return the error.
func (p *Poller) raise() {
	if p.raised.Swap(true) {
		return
	}
	if err := p.flag.raise(); err != nil {
		p.raised.Store(false)
		p.broken.Store(&err)
		_ = p.alarm() // there is no third way
	}
}

// Expect does nothing: the time passes by itself.
func (p *Poller) Expect(int) {}

// Patience is how many turns a loop may take without asking for events, after it
// has waited for one. The consequences of an event, a task that ends and wakes another
// one say, are mostly over by then, and the flag need not be raised and lowered for
// each event.
func (p *Poller) Patience() int { return 4 }

// Network returns nil: descriptors are those of the operating system.
func (p *Poller) Network() (any, error) { return nil, nil }

// Add has Wait report the readiness of fd, for reading and writing, until Remove.
func (p *Poller) Add(fd int) error {
	pa := &netpoll.PollAttachment{FD: fd}
	err := p.poller.AddReadWrite(pa, true)
	if p.isRemoved(fd) {
		if errors.Is(err, syscall.EEXIST) { // it was neither closed nor heard since
			err = p.poller.ModReadWrite(pa, true)
		}
		p.removed[fd] = err != nil
	}
	return err
}

// Remove has Wait report fd no more. Most descriptors are closed next, and the system
// deletes those by itself. So Remove only makes a note, and the next event of a
// descriptor that stays open deletes it.
func (p *Poller) Remove(fd int) {
	for len(p.removed) <= fd {
		p.removed = append(p.removed, make([]bool, max(64, len(p.removed)))...)
	}
	p.removed[fd] = true
}

func (p *Poller) isRemoved(fd int) bool {
	return uint(fd) < uint(len(p.removed)) && p.removed[fd]
}

// Close releases the poller. Wait, Wake, Add and Remove must not be called after it: the
// numbers of the poller's descriptors may belong to other files by then.
func (p *Poller) Close() error {
	p.stop()
	return errors.Join(p.timer.close(), p.flag.close(), p.poller.Close())
}
