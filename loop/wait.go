package loop

import (
	"errors"
	"fmt"
	"time"
)

// A WaitMode is the condition on which [Wait] returns.
type WaitMode int

const (
	AllCompleted   WaitMode = iota // all are done
	FirstCompleted                 // one is done
	FirstException                 // one is done with an error, or all are done
)

// NoTimeout is the time-out of an operation that may take any time.
const NoTimeout = forever

// ErrWaitEmpty is returned by Wait without futures.
var ErrWaitEmpty = errors.New("set of futures to wait for is empty")

// Wait blocks the task of y until fs satisfies mode or timeout elapses, and returns
// the futures that are done and those that are not (asyncio.wait). It cancels
// nothing. The error is [ErrWaitEmpty], [ErrForeignLoop], a cancellation, or one that
// says that mode is not a WaitMode.
func Wait[F AnyFuture](y *Yielder, timeout time.Duration, mode WaitMode, fs ...F) (done, notDone []F, err error) {
	switch {
	case len(fs) == 0:
		return nil, nil, ErrWaitEmpty
	case mode < AllCompleted || mode > FirstException:
		return nil, nil, fmt.Errorf("wait for futures: there is no mode %d", mode)
	}
	t, err := runningTask(y)
	if err != nil {
		return nil, nil, err
	}
	l := t.fut.loop
	if l.closed {
		return nil, nil, ErrClosed
	}
	w := &waiting{mode: mode}
	w.init(l, w)
	seen := make(map[*future]bool, len(fs))
	var distinct []F
	for _, f := range fs {
		if f.base().loop != l {
			return nil, nil, ErrForeignLoop
		}
		if !seen[f.base()] {
			seen[f.base()] = true
			distinct = append(distinct, f)
		}
	}
	w.left = len(distinct)
	w.of = func() []AnyFuture { return anyFutures(distinct) }
	if timeout != NoTimeout {
		w.timer = l.CallLater(timeout, w.release)
	}
	for _, f := range distinct {
		f.base().addCallback(w)
	}
	err = w.await(y)
	if w.timer != nil {
		w.timer.Cancel()
	}
	for _, f := range distinct {
		f.base().removeCallback(w)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, f := range distinct {
		if f.Done() {
			done = append(done, f)
		} else {
			notDone = append(notDone, f)
		}
	}
	return done, notDone, nil
}

func anyFutures[F AnyFuture](fs []F) []AnyFuture {
	all := make([]AnyFuture, len(fs))
	for i, f := range fs {
		all[i] = f
	}
	return all
}

// waiting is the future that a Wait awaits.
type waiting struct {
	future
	mode  WaitMode
	left  int
	timer *TimerHandle
	of    func() []AnyFuture // the futures waited for
}

func (w *waiting) release() {
	if w.state == pending {
		w.settle(finished)
	}
}

func (w *waiting) futureDone(f *future) {
	w.left--
	if w.left <= 0 || w.mode == FirstCompleted ||
		w.mode == FirstException && f.state == finished && f.retrieve() != nil {
		if w.timer != nil {
			w.timer.Cancel()
		}
		w.release()
	}
}

func (w *waiting) explain() (string, []AnyFuture) {
	fs := w.of()
	return "Wait for " + count(fs), fs
}
