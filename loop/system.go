package loop

import (
	"math"
	"time"
)

// forever is a time that never comes.
const forever = time.Duration(math.MaxInt64)

// A System is a loop's view of the operating system: the time, the readiness of
// descriptors, and a way to be woken (asyncio's selector and its self-pipe). It
// knows nothing of the loop. A loop of [New] has the real operating system, by way of
// gnet's poller; a loop of [NewVirtual] has a clock that jumps; and a loop of [NewOn] has
// any other System, a simulated one for example.
//
// All methods but Wake are called by the goroutine that runs the loop, or that
// makes or closes it.
type System interface {
	// Now is the time on the loop's clock, which starts at 0 and does not go
	// back.
	Now() time.Duration

	// Wait reports descriptors that have become ready. If until has come, it
	// reports the descriptors that are ready now and returns. If not, it returns once
	// report returns true, at until, or when Wake is called. After the Wait that a
	// Wake ends, the loop sees everything that was scheduled before that Wake.
	//
	// hangup says that a read may stop before the end of the data: the peer has hung
	// up, or there is an error.
	//
	// The error is [ErrIdle] if Wait would never return; any other one ends the
	// run of the loop.
	Wait(until time.Duration, report func(fd int, read, write, hangup bool) (enough bool)) error

	// Wake ends the Wait under way, or the next one if there is none. It may be
	// called on any goroutine. The loop does not call it during or after Close.
	Wake()

	// Expect says that n more goroutines, or -n fewer, are going to call Wake. A
	// clock other than the real one must stand still until they have.
	Expect(n int)

	// Patience is how many turns the loop may take after a Wait before the next one,
	// if they all have something to run. With 0 the loop calls Wait in every turn, and
	// takes events in exactly asyncio's order.
	Patience() int

	// Add has Wait report the readiness of fd, once for each change from not
	// ready to ready (edge-triggered), until Remove. The readiness at the call is
	// such a change.
	Add(fd int) error

	// Remove ends what Add began. The descriptor is still open and may be closed
	// next, which is the common case, or be added again.
	Remove(fd int)

	// Network returns the calls that packages such as netio make instead of system
	// calls; nil means the operating system itself. The error is [ErrNoNetwork] if
	// the System has no descriptors.
	Network() (calls any, err error)

	// Close releases the system. The loop calls none of Wait, Wake, Expect, Add and
	// Remove after it.
	Close() error
}

// A Watcher is told of the readiness of a descriptor; see [Loop.Watch].
type Watcher interface {
	// Ready is called by the loop, outside of any task, with what has become
	// true. It must not run user code, but may wake tasks. If it panics, the run of
	// the loop panics, and the loop cannot run again.
	Ready(read, write, hangup bool)

	// Close is called when the loop is closed.
	Close() error
}
