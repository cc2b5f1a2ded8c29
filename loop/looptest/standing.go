package looptest

import (
	"math"
	"time"

	"coloop/loop"
)

// A StandingClock is the system that a loop of [loop.New] runs on, with another clock.
// That clock stands until [StandingClock.Advance] moves it: no time-out goes off by
// itself, however slow the machine is. A system of a test's own can embed it, and watch
// what the loop does.
type StandingClock struct {
	loop.System
	now time.Duration
}

// NewStandingClock returns a StandingClock that is at 0.
func NewStandingClock() (*StandingClock, error) {
	l, err := loop.New() // for its system
	if err != nil {
		return nil, err
	}
	return &StandingClock{System: l.System()}, nil
}

// OnNetwork runs the test on a [StandingClock], with the network of the operating system.
func OnNetwork() Option {
	return On(func() (*loop.Loop, error) {
		c, err := NewStandingClock()
		if err != nil {
			return nil, err
		}
		return loop.NewOn(c), nil
	})
}

// Advance moves the clock by d, not back and not beyond the end of time. It must be
// called on the loop.
func (c *StandingClock) Advance(d time.Duration) {
	c.now += min(max(0, d), math.MaxInt64-c.now)
}

// Now returns the time on the clock.
func (c *StandingClock) Now() time.Duration { return c.now }

// Wait waits for descriptors and for Wake. See [loop.System].
func (c *StandingClock) Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error {
	if until > c.now {
		until = math.MaxInt64
	} else {
		until = 0
	}
	return c.System.Wait(until, report)
}

// Advance moves the clock of the loop that runs y by d: a virtual one, or a
// [StandingClock]. Timers that are due by then are called in the next turn. Advance
// panics if the loop is on the operating system's clock.
func Advance(y *loop.Yielder, d time.Duration) {
	loop.Running(y).System().(interface{ Advance(time.Duration) }).Advance(d)
}
