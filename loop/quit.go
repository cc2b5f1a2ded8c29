package loop

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// quitting is a loop in debug mode, whose tasks are printed when the process gets
// SIGQUIT.
type quitting struct {
	loop *Loop
	// patience is how long the loop may take to begin its dump.
	patience time.Duration
}

// A quitDumper takes SIGQUIT for all loops of the process that are in debug mode. It
// prints their tasks, and then lets Go print its own stacks and end the process, unless
// a loop of the process has a handler for SIGQUIT. If only other parts of the program have
// asked package signal for SIGQUIT, they get the signal a second time, and the dumper
// takes no more until all loops have left it.
type quitDumper struct {
	mu      sync.Mutex // held while it prints, so that no loop leaves meanwhile
	loops   []*quitting
	signals chan os.Signal // of the goroutine that waits for SIGQUIT
	ended   chan struct{}  // closed when that goroutine has ended
}

var onQuit quitDumper

// quitHandlers is how many loops of the process have a handler for SIGQUIT.
var quitHandlers atomic.Int32

func (l *Loop) dumpOnQuit() *quitting {
	q := &quitting{l, time.Second}
	onQuit.add(q)
	return q
}

func (d *quitDumper) add(q *quitting) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loops = append(d.loops, q)
	if len(d.loops) > 1 {
		return
	}
	signals, ended := make(chan os.Signal, 1), make(chan struct{})
	d.signals, d.ended = signals, ended
	signal.Notify(signals, syscall.SIGQUIT)
	go func() {
		defer close(ended)
		for range signals {
			if d.print(os.Stderr) {
				signal.Stop(signals)
				_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
			}
		}
	}()
}

// stop takes the loop from the dumper. The last loop to leave gives SIGQUIT back and
// waits for the goroutine. stop may be called again.
func (q *quitting) stop() { onQuit.remove(q) }

func (d *quitDumper) remove(q *quitting) {
	d.mu.Lock()
	i := slices.Index(d.loops, q)
	if i < 0 {
		d.mu.Unlock()
		return
	}
	d.loops = slices.Delete(d.loops, i, i+1)
	last, ended := len(d.loops) == 0, d.ended
	if last {
		signal.Stop(d.signals)
		close(d.signals) // a signal that is in it is still taken
	}
	d.mu.Unlock()
	if last {
		<-ended
	}
}

// print has every loop write what its tasks are doing, and reports whether the process
// must then be ended, since nobody handles the signal.
func (d *quitDumper) print(w io.Writer) (end bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range d.loops {
		q.dump(w, time.After(q.patience))
	}
	return quitHandlers.Load() == 0
}

// dump has the loop write what its tasks are doing. A loop that a task or callback
// blocks cannot do that. Its tasks are then read from outside, which may go wrong, but
// is better than nothing.
func (q *quitting) dump(w io.Writer, patience <-chan time.Time) {
	fmt.Fprintln(w, "SIGQUIT: the tasks of the event loop")
	dumped := make(chan struct{})
	err := q.loop.CallSoonThreadsafe(func() {
		defer close(dumped)
		_ = Dump(w, q.loop) // there is nobody to tell
	})
	if err == nil {
		select {
		case <-dumped:
			return
		case <-patience:
			fmt.Fprintln(w, "The loop does not react: a task or callback blocks it. As seen from outside:")
		}
	}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintln(w, "(the rest cannot be told)")
		}
	}()
	if t := q.loop.current; t != nil {
		fmt.Fprintf(w, "running: %v\n", t.fut.self)
	}
	_ = Dump(w, q.loop)
}
