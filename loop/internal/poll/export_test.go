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
