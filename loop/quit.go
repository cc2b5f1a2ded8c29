package loop

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// quitting prints the tasks of a loop in debug mode when the process gets SIGQUIT,
// and then lets Go print its own stacks and end the process.
type quitting struct {
	loop    *Loop
	signals chan os.Signal
	over    chan struct{}
	ended   sync.WaitGroup
	once    sync.Once
	// patience is how long it waits for a loop that stands to dump itself.
	patience time.Duration
}

func (l *Loop) dumpOnQuit() *quitting {
	q := &quitting{loop: l, signals: make(chan os.Signal, 1), over: make(chan struct{}), patience: time.Second}
	signal.Notify(q.signals, syscall.SIGQUIT)
	q.ended.Go(func() {
		select {
		case <-q.signals:
			q.dump(os.Stderr, time.After(q.patience))
			signal.Stop(q.signals)
			_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		case <-q.over:
		}
	})
	return q
}

// stop ends that nobody else's SIGQUIT is taken.
func (q *quitting) stop() {
	signal.Stop(q.signals)
	q.once.Do(func() { close(q.over) })
	q.ended.Wait()
}

// dump has the loop write what its tasks are doing. A loop that stands cannot. Then
// it is looked at from outside, which may go wrong, and is better than nothing.
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
