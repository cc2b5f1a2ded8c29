package client_test

import (
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// A calm is the system's network with a clock that jumps to the next timer, as a virtual
// one does, once nothing is under way on any connection. So time-outs go off at once, and
// only when they must. Both ends of the connections must belong to the loop.
type calm struct {
	*looptest.StandingClock
	open  map[int]bool
	woken atomic.Bool
	wakes atomic.Int32 // how many goroutines are going to call Wake
}

// calmly runs fn as [looptest.Run] does, on a calm.
func calmly(t testing.TB, fn func(y *loop.Yielder, c *calm)) {
	t.Helper()
	c := &calm{open: map[int]bool{}}
	looptest.Run(t, func(y *loop.Yielder) error {
		fn(y, c)
		return nil
	}, looptest.On(func() (l *loop.Loop, err error) {
		c.StandingClock, err = looptest.NewStandingClock()
		return loop.NewOn(c), err
	}))
}

func (c *calm) Add(fd int) error {
	c.open[fd] = true
	return c.StandingClock.Add(fd)
}

func (c *calm) Remove(fd int) {
	delete(c.open, fd)
	c.StandingClock.Remove(fd)
}

func (c *calm) Wake() {
	c.woken.Store(true)
	c.StandingClock.Wake()
}

func (c *calm) Expect(n int) {
	c.wakes.Add(int32(n))
	c.StandingClock.Expect(n)
}

// looks is how often nothing must be found before the clock jumps: a reset, and the end of
// a connection whose descriptor is closed, cannot be seen on their way.
const looks = 3

// Wait waits for events, and moves the clock to until if there can be none before.
func (c *calm) Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error {
	for still := 0; ; {
		wait, news := time.Duration(0), false
		if c.wakes.Load() > 0 {
			wait = loop.NoTimeout
		}
		err := c.System.Wait(wait, func(fd int, read, write, hangup bool) bool {
			news = true
			return report(fd, read, write, hangup)
		})
		switch {
		case err != nil, news, c.woken.Swap(false), until <= c.Now():
			return err
		case slices.ContainsFunc(slices.Collect(maps.Keys(c.open)), underway):
			still = 0
		default:
			still++
		}
		if still == looks {
			if until == loop.NoTimeout {
				return loop.ErrIdle
			}
			c.Advance(until - c.Now())
			return nil
		}
	}
}
