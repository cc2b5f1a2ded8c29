package looptest

import (
	"math"
	"time"

	"coloop/loop"
	"coloop/loop/internal/poll"
)

// A Network is the system that a loop of [loop.New] runs on, but for its clock, which
// stands until Advance moves it: no time-out goes off by itself, however slow the
// machine is. A system of a test's own can embed it, and watch what the loop does.
type Network struct {
	loop.System
	now time.Duration
}

// NewNetwork returns a Network whose clock is at 0.
func NewNetwork() (*Network, error) {
	p, err := poll.Open()
	if err != nil {
		return nil, err
	}
	return &Network{System: p}, nil
}

// OnNetwork runs the test on a [Network].
func OnNetwork() Option {
	return On(func() (*loop.Loop, error) {
		n, err := NewNetwork()
		if err != nil {
			return nil, err
		}
		return loop.NewOn(n), nil
	})
}

// Advance moves the clock by d. It must be called on the loop.
func (n *Network) Advance(d time.Duration) { n.now += d }

// Now returns the time on the clock.
func (n *Network) Now() time.Duration { return n.now }

// Wait waits for descriptors and for Wake. See [loop.System].
func (n *Network) Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error {
	if until > n.now {
		until = math.MaxInt64
	} else {
		until = 0
	}
	return n.System.Wait(until, report)
}

// Advance moves the clock of the loop that runs y by d: a virtual one, or that of a
// [Network]. What is due by then is called in the next turn. It panics if the clock is
// that of the world.
func Advance(y *loop.Yielder, d time.Duration) {
	loop.Running(y).System().(interface{ Advance(time.Duration) }).Advance(d)
}
