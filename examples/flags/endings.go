package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// A stopped error is the signal that a run was ended by.
type stopped struct{ signal syscall.Signal }

func (e stopped) Error() string {
	switch e.signal {
	case syscall.SIGINT:
		return "interrupted"
	case syscall.SIGHUP:
		return "hung up"
	}
	return e.signal.String()
}

// exitStatus is what a shell reports of a program that the signal has killed.
func (e stopped) exitStatus() int { return 128 + int(e.signal) }

// untilStopped returns a context that is done, with a stopped error as its cause,
// at the first SIGINT, SIGTERM or SIGHUP. The second one ends the program at once,
// after a call of abandon; the third would do so by itself. A signal that the
// program was started with ignored is ignored further. After stop the signals do
// again what they did before.
func untilStopped(abandon func()) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			select {
			case sig := <-signals:
				err := stopped{sig.(syscall.Signal)}
				if ctx.Err() != nil {
					signal.Stop(signals)
					abandon()
					os.Exit(err.exitStatus())
				}
				cancel(err)
			case <-over:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(over)
		<-gone
		cancel(nil)
	}
}
