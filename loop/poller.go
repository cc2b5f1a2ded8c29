//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package loop

import (
	"errors"
	"iter"
	"os"
	"sync/atomic"
	"time"

	gneterrors "github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
)

// netPoller is gnet's poller (epoll or kqueue) behind the poller interface.
//
// netpoll.Poller.Polling calls back for each event and comes back only by being
// shut down, which loses the rest of its batch. So it runs as a coroutine, and
// poll is its Next: it stays where it is, in the middle of a batch if need be,
// until the loop asks for more.
//
// It blocks for as long as there are no events and knows no end of a batch, so
// there is a descriptor of our own, level-triggered, that is kept readable
// ("raised") while the loop has work: a poll that is not to wait ends with the
// event of that one, one that may wait ends with any event.
type netPoller struct {
	loop    *Loop
	poller  *netpoll.Poller
	resume  func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	failure error
	base    time.Time
	socks   []*descriptor // by descriptor number
	waiting bool
	waits   uint // counts the polls that might wait
	crowd   bool // the last of them found many events

	flag   flag
	raised atomic.Bool
	timer  timer
	armed  time.Duration // the time the timer is set to
}

func newNetPoller(l *Loop) (_ poller, err error) {
	n := &netPoller{loop: l, base: time.Now(), armed: forever}
	if n.poller, err = netpoll.OpenPoller(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.poller.Close())
		}
	}()
	if err = n.flag.open(); err != nil {
		return nil, err
	}
	if err = n.poller.AddRead(&netpoll.PollAttachment{FD: n.flag.fd()}, false); err != nil {
		return nil, errors.Join(err, n.flag.close())
	}
	if err = n.timer.open(n); err != nil {
		return nil, errors.Join(err, n.flag.close())
	}
	n.resume, n.stop = iter.Pull(func(yield func(struct{}) bool) {
		n.yield = yield
		n.failure = n.poller.Polling(n.event)
	})
	return n, nil
}

func (n *netPoller) now() time.Duration { return time.Since(n.base) }

// event is called by Polling.
func (n *netPoller) event(fd int, ev netpoll.IOEvent, flags netpoll.IOFlags) error {
	if fd != n.flag.fd() && fd != n.timer.fd() {
		if fd < len(n.socks) && n.socks[fd] != nil {
			broken := netpoll.IsErrorEvent(ev, flags)
			n.socks[fd].ready(
				netpoll.IsReadEvent(ev) || broken,
				netpoll.IsWriteEvent(ev) || broken,
				broken || eager(ev, flags))
		}
		if !n.waiting || n.loop.ready.n == 0 {
			return nil
		}
	}
	if !n.yield(struct{}{}) {
		return gneterrors.ErrEngineShutdown
	}
	return nil
}

// maxUnpolled is how many turns the loop takes without asking the system for
// events, after it has waited for one. What an event sets off, a task that ends
// and another that it wakes, is mostly over by then, and the flag need not be
// raised and lowered again for each event.
const maxUnpolled = 4

func (n *netPoller) poll(until time.Duration) error {
	n.loop.turn++
	if until <= 0 && n.loop.unpolled > 0 {
		n.loop.unpolled--
		return nil
	}
	n.waiting = until > 0
	if n.waiting && until != forever {
		now := n.now()
		if n.armed <= now {
			n.armed = forever // it has gone off
		}
		if until <= now {
			n.waiting = false
		} else if until < n.armed {
			n.armed = until
			n.timer.set(until - now)
		}
	}
	if n.waiting && n.crowded() {
		n.waiting = false
		n.wake()
		if err := n.turn(); err != nil {
			return err
		}
		// Even without events this is no time to wait: what ended it may have
		// been the timer.
		n.crowd = n.loop.ready.n >= crowd
		return nil
	}
	if n.waiting && n.raised.Load() {
		n.flag.lower()
		n.raised.Store(false)
		// What another goroutine has scheduled before that, it did not raise
		// the flag for.
		n.waiting = n.loop.pendingN.Load() == 0
	}
	if n.waiting {
		n.loop.unpolled = maxUnpolled
	} else {
		n.wake()
	}
	return n.turn()
}

// crowd is how many events must come at once for it to pay to raise the flag
// and take them all, instead of one after the other.
const crowd = 8

// crowded reports whether it is worth while to look for many events at once:
// there were many the last time, or it is time to find out.
func (n *netPoller) crowded() bool {
	n.waits++
	return n.crowd || n.waits%64 == 0
}

// turn has the coroutine go on, up to the next event that ends a poll.
func (n *netPoller) turn() error {
	if _, ok := n.resume(); !ok {
		return os.NewSyscallError("poll", n.failure)
	}
	return nil
}

func (n *netPoller) wake() {
	if !n.raised.Swap(true) {
		n.flag.raise()
	}
}

func (n *netPoller) add(d *descriptor) error {
	for len(n.socks) <= d.fd {
		n.socks = append(n.socks, make([]*descriptor, max(64, len(n.socks)))...)
	}
	if err := n.poller.AddReadWrite(&netpoll.PollAttachment{FD: d.fd}, true); err != nil {
		return err
	}
	n.socks[d.fd] = d
	return nil
}

// remove forgets d. The system does so when the descriptor is closed.
func (n *netPoller) remove(d *descriptor) { n.socks[d.fd] = nil }

func (n *netPoller) close() error {
	for _, d := range n.socks {
		if d != nil {
			d.close()
		}
	}
	n.stop()
	return errors.Join(n.timer.close(), n.flag.close(), n.poller.Close())
}
