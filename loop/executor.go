package loop

import (
	"container/list"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"coloop/coroutine"
)

// ErrExecutorShutdown is returned by [Executor.Submit] once the executor is shut down.
var ErrExecutorShutdown = errors.New("executor is shut down")

// An Executor calls functions, its jobs, on goroutines of its own, at most a
// given number at a time; more jobs wait in line, first come, first served
// (concurrent.futures.ThreadPoolExecutor). It has no goroutine unless it has a
// job. The zero value takes as many jobs at a time as Python's default executor
// has threads. An Executor may be used on any goroutine, and must not be copied.
type Executor struct {
	workers int // 0: as Python

	mu      sync.Mutex
	running int
	line    list.List // of *job
	shut    bool
	jobs    sync.WaitGroup // running and in line
}

// job is a function to be called. Executor.mu guards it.
type job struct {
	run   func()
	drop  func()        // called by CancelPending in place of run; may be nil
	place *list.Element // nil if the job is not in line
}

// NewExecutor returns an executor that runs at most workers jobs at a time; 0 means
// as many as Python's default executor has threads. A negative number is an error.
func NewExecutor(workers int) (*Executor, error) {
	if workers < 0 {
		return nil, fmt.Errorf("new executor: %d workers", workers)
	}
	return &Executor{workers: workers}, nil
}

// Submit has fn called on one of the executor's goroutines. A panic of fn ends
// the process, as in any goroutine. After [Executor.Shutdown] the error is
// [ErrExecutorShutdown].
func (e *Executor) Submit(fn func()) error {
	if fn == nil {
		return errors.New("submit to an executor: the function is nil")
	}
	return e.submit(&job{run: fn})
}

func (e *Executor) submit(j *job) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut {
		return ErrExecutorShutdown
	}
	workers := e.workers
	if workers == 0 {
		workers = min(32, runtime.NumCPU()+4)
	}
	e.jobs.Add(1)
	if e.running >= workers {
		j.place = e.line.PushBack(j)
		return nil
	}
	e.running++
	go e.work(j.begin())
	return nil
}

// begin returns the job's function and removes it from the job.
func (j *job) begin() (run func()) {
	run = j.run
	j.run, j.drop, j.place = nil, nil, nil
	return run
}

// work calls run, and then the jobs in line.
func (e *Executor) work(run func()) {
	defer func() {
		// It is not nil if the job left by way of runtime.Goexit, which ends this
		// goroutine.
		if run != nil {
			if run = e.next(); run != nil {
				go e.work(run)
			}
		}
	}()
	for run != nil {
		func() {
			defer e.jobs.Done()
			run()
		}()
		if run = e.next(); run != nil {
			// The loop may be waiting for a processor. Jobs that follow one another without
			// a pause would keep it from there for 10 ms.
			runtime.Gosched()
		}
	}
}

func (e *Executor) next() (run func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	first := e.line.Front()
	if first == nil {
		e.running--
		return nil
	}
	return e.line.Remove(first).(*job).begin()
}

// withdraw takes j off the line and reports whether it was there.
func (e *Executor) withdraw(j *job) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if j.place == nil {
		return false
	}
	e.line.Remove(j.place)
	j.begin()
	e.jobs.Done()
	return true
}

// Shutdown makes the executor refuse jobs from now on. The jobs that it has already are
// still done. If wait is true, Shutdown waits for them, so it must not be called by
// one of them.
func (e *Executor) Shutdown(wait bool) {
	e.mu.Lock()
	e.shut = true
	e.mu.Unlock()
	if wait {
		e.jobs.Wait()
	}
}

// CancelPending drops the jobs that wait in line and returns how many there were. Their
// functions are not called, and their futures ([RunInExecutor]) are cancelled. Called
// after Shutdown(false), it is cancel_futures of ThreadPoolExecutor.shutdown.
func (e *Executor) CancelPending() int {
	e.mu.Lock()
	n := e.line.Len()
	var drops []func()
	for first := e.line.Front(); first != nil; first = e.line.Front() {
		j := e.line.Remove(first).(*job)
		if j.drop != nil {
			drops = append(drops, j.drop)
		}
		j.begin()
		e.jobs.Done()
	}
	e.mu.Unlock()
	for _, drop := range drops {
		drop()
	}
	return n
}

// SetDefaultExecutor makes e the loop's own executor, which Close of the loop
// shuts down (loop.set_default_executor). An executor that was the loop's own
// before is left alone. On a closed loop the error is [ErrClosed]; nil is an error.
func (l *Loop) SetDefaultExecutor(e *Executor) error {
	switch {
	case l.closed:
		return ErrClosed
	case e == nil:
		return errors.New("set the default executor of a loop: the executor is nil")
	}
	if l.executor == nil {
		l.atClose = append(l.atClose, func() { l.ownExecutor().Shutdown(false) })
	}
	l.executor = e
	return nil
}

// ownExecutor returns the loop's own executor, nil if it has none yet.
func (l *Loop) ownExecutor() *Executor {
	e, _ := l.executor.(*Executor)
	return e
}

// RunInExecutor has fn called on a goroutine of e, or with nil of the loop's own
// executor, and returns the future of its result (loop.run_in_executor). A panic
// of fn becomes a [coroutine.PanicError], and runtime.Goexit in fn becomes
// [coroutine.ErrGoexit].
//
// If the future is cancelled while the job waits in line, fn is not called.
// If the job is running, it goes on, and its result or error is dropped; only a panic is
// reported to the loop's exception handler. It is also reported if something other than
// the job has completed the future meanwhile.
//
// If the loop is closed, the future fails with [ErrClosed]; if the executor is shut
// down, with [ErrExecutorShutdown]. [Loop.Close] neither stops the job nor waits for it,
// and its result is lost then; [Runner.Close] waits.
func RunInExecutor[T any, W Where](w W, e *Executor, fn func() (T, error)) *Future[T] {
	f := &jobFuture[T]{executor: e}
	f.init(loopOf(w), f)
	if err := f.submit(fn); err != nil {
		f.fail(err)
	}
	return &f.Future
}

// jobFuture is the future of a job.
type jobFuture[T any] struct {
	Future[T]
	executor *Executor
	job      *job
	toEnd    *sync.WaitGroup // of RunToEnd: done when the job has ended or was dropped
}

func (f *jobFuture[T]) submit(fn func() (T, error)) error {
	l := f.loop
	l.check()
	switch {
	case l.closed:
		return ErrClosed
	case fn == nil:
		return errors.New("run in an executor: the function is nil")
	case f.executor == nil:
		if l.executor == nil {
			_ = l.SetDefaultExecutor(&Executor{}) // the loop is open, so it takes it
		}
		f.executor = l.ownExecutor()
	}
	f.job = &job{
		run: func() { perform(l, fn, f.end) },
		drop: func() {
			if f.toEnd != nil {
				f.toEnd.Done()
			}
			_ = l.CallSoonThreadsafe(func() { // nobody waits for a closed loop
				l.system.Expect(-1)
				f.future.cancel("")
			})
		},
	}
	if err := f.executor.submit(f.job); err != nil {
		return err
	}
	l.system.Expect(1)
	return nil
}

// cancel takes the job off the line, at once and not, as asyncio does, with the
// callbacks of the future.
func (f *jobFuture[T]) cancel(msg string) bool {
	if f.toEnd != nil && f.state == pending && !f.withdraw() {
		return false
	}
	if !f.future.cancel(msg) {
		return false
	}
	f.withdraw()
	return true
}

// withdraw keeps the job from being called, and reports whether it was in time.
func (f *jobFuture[T]) withdraw() bool {
	if f.job == nil || !f.executor.withdraw(f.job) {
		return false
	}
	f.loop.system.Expect(-1)
	return true
}

// perform calls fn, and then has end called with the outcome, on the goroutine of l. It ends
// what Expect(1) of the loop's system has begun. If the loop is closed, the outcome is lost,
// but a panic is logged.
func perform[T any](l *Loop, fn func() (T, error), end func(T, error)) {
	var v T
	err := coroutine.ErrGoexit
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r)
		}
		closed := l.CallSoonThreadsafe(func() {
			l.system.Expect(-1)
			end(v, err)
		})
		if closed != nil && isPanic(err) {
			slog.Error("panic in a job whose loop is closed", "error", err)
		}
	}()
	v, err = fn()
}

// end completes the future, on the loop.
func (f *jobFuture[T]) end(v T, err error) {
	c := ExceptionContext{Message: "job has ended, but its future is done already", Exception: ErrInvalidState}
	switch {
	case f.state == pending && err != nil:
		f.fail(err)
		return
	case f.state == pending:
		f.succeed(v)
		return
	case isPanic(err):
		c = ExceptionContext{Message: "panic in a job whose future is done already", Exception: err}
	case f.state == cancelled:
		return
	case err != nil:
		c.Exception = fmt.Errorf("%w; the job's own error: %w", ErrInvalidState, err)
	}
	f.loop.CallExceptionHandler(c)
}

func (f *jobFuture[T]) explain() (string, []AnyFuture) { return "a job of the executor", nil }
