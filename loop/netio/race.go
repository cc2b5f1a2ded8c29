//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"coloop/loop"
)

// fallbackDelay is the Connection Attempt Delay that RFC 8305 recommends.
const fallbackDelay = 250 * time.Millisecond

// A race connects to the first of several addresses that answers (asyncio's
// staggered_race). Only the task that runs it waits: a socket that is being connected
// wakes that task, and so no task is left when the race is over.
//
// It is steps of loop.Drive, so that a task which dials needs little stack of its own.
type race struct {
	resolved
	dialer   *Dialer
	network  string
	address  string
	by       time.Duration // when it must be over
	begun    bool          // addrs are known, or have been
	waits    bool          // Step may wait: nothing but the task ends the race early
	addrs    []net.Addr    // those that are to be tried yet
	delay    time.Duration // between two attempts
	due      time.Duration // when the next one begins
	attempts []attempt     // under way
	failures []error
	lot      loop.ParkingLot   // where the task waits
	parked   *loop.Parked      // its stay there
	timer    *loop.TimerHandle // ends it when the next attempt begins
	won      net.Conn          // the outcome, or
	err      error
}

// over reports whether the outcome is there.
func (r *race) over() bool { return r.won != nil || r.err != nil }

// end closes all connections but that which has won.
func (r *race) end() {
	for _, a := range r.attempts {
		_ = a.c.d.Close()
	}
	r.attempts = nil
}

// Step begins the race or goes on with it, until it is over or has to wait. If it may not wait,
// or only a resolver that is waited for knows the addresses, it returns nil before that.
func (r *race) Step(err error) (wait any) {
	if r.parked != nil {
		r.parked.Leave()
		r.parked = nil
		if r.timer != nil {
			r.timer.Cancel()
		}
	}
	switch {
	case err != nil:
		r.stop(err)
	case r.begun:
		r.step()
	default:
		addrs, err := r.dialer.Resolver.resolve(nil, r.resolved, r.network, r.address)
		if err == errUnknown {
			return nil
		}
		r.start(addrs, err)
	}
	if r.over() || !r.waits {
		return nil
	}
	if r.parked, err = r.lot.Enter(r.loop, nil); err != nil {
		r.stop(err)
		return nil
	}
	if r.timer = nil; len(r.addrs) > 0 && r.due != forever {
		r.timer = r.loop.CallAt(r.due, func() { r.lot.Unpark() })
	}
	return r.parked.Block()
}

// stop ends the race with an error that is none of its addresses.
func (r *race) stop(err error) {
	var a net.Addr
	if len(r.attempts) > 0 {
		a = r.attempts[0].c.d.peer
	}
	r.err = r.wrap(a, err)
}

// start begins to connect to what has come of the address.
func (r *race) start(addrs []net.Addr, err error) {
	r.begun = true
	if err == nil {
		addrs, err = r.dialer.suitable(addrs, r.network, r.address)
	}
	switch {
	case err != nil:
		r.err = r.dialer.fail(r.network, err)
	case datagrams(r.network):
		c, err := r.dialer.packet(r.resolved, r.network, addrs)
		if r.won = c; err != nil {
			r.lose(err)
		}
	default:
		r.lot.Kind, r.lot.Owner = "Dial", r
		r.addrs = interleave(addrs)
		r.step()
	}
}

// step goes on until the race is over or has to wait.
func (r *race) step() {
	for {
		if c := r.winner(); c != nil {
			r.won = c
			return
		}
		switch {
		case len(r.addrs) > 0 && (len(r.attempts) == 0 || r.due <= r.loop.Time()):
			r.try()
		case len(r.attempts) > 0:
			return
		default:
			err := r.failures[0]
			if len(r.failures) > 1 {
				err = errors.Join(r.failures...)
			}
			r.lose(err)
			return
		}
	}
}

// lose ends the race without a connection.
func (r *race) lose(err error) {
	r.err = err
	r.dialer.Resolver.forget(r.loop, r.network, r.address)
}

// await goes on with a race that Step has left, until it is over, its time is up or ctx ends.
func (r *race) await(ctx context.Context, y *loop.Yielder) error {
	if r.waits {
		return r.run(y)
	}
	r.waits = true
	scope := loop.NewTimeoutAt(r.loop, r.by)
	defer context.AfterFunc(ctx, func() {
		_ = r.loop.CallSoonThreadsafe(func() { _ = scope.Reschedule(0) }) // it may be over by then
	})()
	if r.err = scope.Run(y, func() error { return r.run(y) }); r.err == nil {
		return nil
	}
	if r.won != nil {
		_ = r.won.Close()
		r.won = nil
	}
	if scope.Expired() && errors.Is(r.err, loop.ErrTimeout) {
		why := errTimeout
		if ctx.Err() != nil {
			why = ended(ctx)
		}
		r.err = r.dialer.late(r.network, r.address, r.err, why)
	}
	return nil
}

// run makes the steps of a race that may wait.
func (r *race) run(y *loop.Yielder) error {
	if !r.begun {
		if r.start(r.dialer.Resolver.resolve(y, r.resolved, r.network, r.address)); r.over() {
			return r.err
		}
	}
	if err := loop.Drive(y, r); err != nil && r.err == nil {
		return err
	}
	return r.err
}

// String describes the race in the String of the task.
func (r *race) String() string {
	s := r.network
	for i, a := range r.attempts {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprintf(" %v", a.c.d.peer)
	}
	return s
}

func (r *race) wrap(a net.Addr, err error) error {
	return &net.OpError{Op: "dial", Net: r.network, Source: r.dialer.LocalAddr, Addr: a, Err: err}
}

// fail notes that an address has failed. The next one is tried at once.
func (r *race) fail(a net.Addr, err error) {
	r.failures = append(r.failures, r.wrap(a, err))
	r.due = 0
}

// try begins to connect to the next address.
func (r *race) try() {
	a := r.addrs[0]
	r.addrs = r.addrs[1:]
	r.due = after(r.loop, r.delay)
	c, made, err := r.connect(a)
	if err != nil {
		r.fail(a, err)
		return
	}
	if !made {
		c.d.dials(&r.lot)
	}
	r.attempts = append(r.attempts, attempt{c, made})
}

// winner returns the first connection that is made, and takes it and the attempts that have
// failed out of the race. It returns nil if there is none.
func (r *race) winner() *Conn {
	for i := 0; i < len(r.attempts); {
		a := r.attempts[i]
		d := a.c.d
		made, err := a.made, error(nil)
		if !made {
			made, err = d.connected()
		}
		if !made && err == nil {
			i++
			continue
		}
		d.wr.lot, d.wr.busy = nil, false
		r.attempts = slices.Delete(r.attempts, i, i+1)
		if err == nil {
			return a.c
		}
		_ = d.Close()
		r.fail(d.peer, err)
	}
	return nil
}

// interleave has the families of the addresses take turns, in the order in which they first
// appear (asyncio's _interleave_addrinfos).
func interleave(addrs []net.Addr) []net.Addr {
	if len(addrs) < 3 {
		return addrs
	}
	var first, second, mixed []net.Addr
	for _, a := range addrs {
		if is4(a) == is4(addrs[0]) {
			first = append(first, a)
		} else {
			second = append(second, a)
		}
	}
	for i := range addrs {
		if i < len(first) {
			mixed = append(mixed, first[i])
		}
		if i < len(second) {
			mixed = append(mixed, second[i])
		}
	}
	return mixed
}
