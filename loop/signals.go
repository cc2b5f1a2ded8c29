package loop

import (
	"os"
	"os/signal"
)

// signalHandler hands the signals of one kind to the loop until it is stopped.
type signalHandler struct {
	signals chan os.Signal
	over    chan struct{}
	gone    chan struct{}
}

type signalHandlers map[os.Signal]*signalHandler

func (l *Loop) signalHandlers() signalHandlers {
	hs, _ := l.signals.(signalHandlers)
	return hs
}

// AddSignalHandler has fn called on the loop, as a callback, at each sig that
// the process gets, in place of what was to be called before
// (loop.add_signal_handler). RemoveSignalHandler, or Close of the loop, ends that.
// SIGINT is better left to Run, which cancels the main task.
func (l *Loop) AddSignalHandler(sig os.Signal, fn func()) error {
	if l.closed {
		return ErrClosed
	}
	l.RemoveSignalHandler(sig)
	h := &signalHandler{make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})}
	if l.signals == nil {
		l.signals = make(signalHandlers)
		l.atClose = append(l.atClose, func() {
			for sig := range l.signalHandlers() {
				l.RemoveSignalHandler(sig)
			}
		})
	}
	l.signalHandlers()[sig] = h
	signal.Notify(h.signals, sig)
	go func() {
		defer close(h.gone)
		for {
			select {
			case <-h.signals:
				_ = l.CallSoonThreadsafe(func() { // no use if the loop is closed
					if l.signalHandlers()[sig] == h {
						fn()
					}
				})
			case <-h.over:
				return
			}
		}
	}()
	return nil
}

// RemoveSignalHandler ends what AddSignalHandler began, and reports whether it
// had been (loop.remove_signal_handler). What the signal did before, it does
// again.
func (l *Loop) RemoveSignalHandler(sig os.Signal) bool {
	h, ok := l.signalHandlers()[sig]
	if !ok {
		return false
	}
	delete(l.signalHandlers(), sig)
	signal.Stop(h.signals)
	close(h.over)
	<-h.gone
	return true
}
