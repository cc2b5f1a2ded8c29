//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package poll

import "golang.org/x/sys/unix"

// BreakFlag has every raising, or every lowering, of the flag fail from now on, as it
// does when the system refuses to write to or read from its descriptor. restore takes
// that back, so that the poller can be closed.
func (p *Poller) BreakFlag(raising bool) (restore func(), err error) {
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		return nil, err
	}
	for _, fd := range ends { // as the flag is
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, err
		}
	}
	end := ends[1] // cannot be read from
	if raising {
		end = ends[0] // cannot be written to
	}
	sound := p.flag
	p.flag.use(end)
	return func() {
		p.flag = sound
		_, _ = unix.Close(ends[0]), unix.Close(ends[1])
	}, nil
}

// BeginRaise is the first half of a Wake that is held up in the middle, and whose
// announcement a Wait has taken; end is the second half.
func (p *Poller) BeginRaise() (end func() error) {
	p.raised.Store(true)
	return p.flag.raise
}

// FlagUp reports whether the flag is readable.
func (p *Poller) FlagUp() (bool, error) {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.flag.fd()), Events: unix.POLLIN}}, 0)
	return n > 0, err
}
