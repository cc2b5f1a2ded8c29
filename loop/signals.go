package loop

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
)

// signalHandler takes the signals of one kind for a loop. It exists while the
// loop has a handler for them, or a runner of the loop waits for SIGINT.
type signalHandler struct {
	loop    *Loop
	signals chan os.Signal
	over    chan struct{}
	gone    chan struct{}

	mu     sync.Mutex
	fn     func() // the function given to AddSignalHandler; changed on the loop's goroutine only
	runner func() // the function given by RunIn, called at the first signal if fn is nil
	came   bool   // runner was called
}

type signalHandlers map[os.Signal]*signalHandler

func (l *Loop) signalHandlers() signalHandlers {
	hs, _ := l.signals.(signalHandlers)
	return hs
}

// AddSignalHandler has fn called on the loop, as a callback, at each sig that
// the process gets, in place of the function called before
// (loop.add_signal_handler), until [Loop.RemoveSignalHandler] or [Loop.Close].
// A handler for SIGINT keeps the loop's Runner from cancelling the main function. A
// handler for SIGQUIT keeps debug mode from ending the process after its dump.
//
// Other channels that the program has given to signal.Notify get the signal as
// well. A signal that cannot be caught, such as SIGKILL, and a nil fn are errors;
// on a closed loop the error is [ErrClosed].
func (l *Loop) AddSignalHandler(sig os.Signal, fn func()) error {
	l.check()
	if l.closed {
		return ErrClosed
	}
	if err := catchable(sig); err != nil {
		return fmt.Errorf("add a signal handler: %w", err)
	}
	if fn == nil {
		return fmt.Errorf("add a handler for signal %d (%v): the function is nil", sig, sig)
	}
	h := l.watchSignal(sig)
	h.mu.Lock()
	h.fn = fn
	h.mu.Unlock()
	signal.Notify(h.signals, sig)
	return nil
}

// catchable returns an error if a program cannot catch sig. Package os/signal ignores
// such signals silently.
func catchable(sig os.Signal) error {
	if sig == nil {
		return errors.New("the signal is nil")
	}
	s, ok := sig.(syscall.Signal)
	last := syscall.Signal(31)
	linux := runtime.GOOS == "linux"
	if linux {
		last = 64
	}
	switch {
	case !ok:
		return fmt.Errorf("%v (%T) is not a signal of this system", sig, sig)
	case s < 1 || s > last:
		return fmt.Errorf("signal %d is out of range", s)
	case s == syscall.SIGKILL, s == syscall.SIGSTOP,
		linux && 32 <= s && s <= 34: // the C library keeps these to itself
		return fmt.Errorf("signal %d (%v) cannot be caught", s, s)
	}
	return nil
}

// RemoveSignalHandler takes back [Loop.AddSignalHandler] and reports whether there was a
// handler (loop.remove_signal_handler). The signal then has the effect that it had before
// the handler was added.
func (l *Loop) RemoveSignalHandler(sig os.Signal) bool {
	l.check()
	if catchable(sig) != nil {
		return false
	}
	h := l.signalHandlers()[sig]
	if h == nil || h.fn == nil {
		return false
	}
	h.mu.Lock()
	h.fn = nil
	runner, came := h.runner != nil, h.came
	h.mu.Unlock()
	switch {
	case !runner:
		l.unwatchSignal(sig, h)
	case came:
		signal.Stop(h.signals) // a second SIGINT ends the process
	}
	return true
}

func (l *Loop) endSignals() {
	for sig := range l.signalHandlers() {
		l.RemoveSignalHandler(sig)
	}
}

// watchSignal returns the signalHandler of the loop for sig, and makes it if there is
// none. The caller sets the function to be called, and then calls signal.Notify.
func (l *Loop) watchSignal(sig os.Signal) *signalHandler {
	h := l.signalHandlers()[sig]
	if h != nil {
		return h
	}
	h = &signalHandler{loop: l, signals: make(chan os.Signal, 1),
		over: make(chan struct{}), gone: make(chan struct{})}
	if l.signals == nil {
		l.signals = make(signalHandlers)
		l.atClose = append(l.atClose, l.endSignals)
	}
	l.signalHandlers()[sig] = h
	if sig == syscall.SIGQUIT {
		quitHandlers.Add(1)
	}
	go func() {
		defer close(h.gone)
		for {
			select {
			case <-h.signals:
				h.deliver()
			case <-h.over:
				return
			}
		}
	}()
	return h
}

// unwatchSignal ends h. A signal that has come but was not delivered stays in the channel
// of h.
func (l *Loop) unwatchSignal(sig os.Signal, h *signalHandler) {
	delete(l.signalHandlers(), sig)
	if sig == syscall.SIGQUIT {
		quitHandlers.Add(-1)
	}
	signal.Stop(h.signals)
	close(h.over)
	<-h.gone
}

// deliver is called on a goroutine of its own, so that a second SIGINT can end the
// process even if a task or callback blocks the loop.
func (h *signalHandler) deliver() {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.fn != nil:
		_ = h.loop.CallSoonThreadsafe(func() { // a closed loop has no handlers
			if h.fn != nil {
				h.fn()
			}
		})
	case h.runner != nil && !h.came:
		h.came = true
		signal.Stop(h.signals)
		h.runner()
	}
}

// onInterrupt has fn called on the loop at the first SIGINT until stop, unless
// the loop has a handler of its own for it. stop reports whether there was such a
// SIGINT, even if it came too late for fn.
func (l *Loop) onInterrupt(fn func()) (stop func() (came bool)) {
	h := l.watchSignal(os.Interrupt)
	h.mu.Lock()
	h.came = false
	h.runner = func() { _ = l.CallSoonThreadsafe(fn) } // a closed loop has nothing to interrupt
	h.mu.Unlock()
	signal.Notify(h.signals, os.Interrupt)
	return func() bool {
		if h.fn == nil {
			l.unwatchSignal(os.Interrupt, h)
			return h.came || len(h.signals) > 0
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.runner = nil
		return h.came
	}
}
