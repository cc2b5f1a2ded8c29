package loop

import (
	"runtime"
	"sync"

	"coloop/coroutine"

	"github.com/panjf2000/ants/v2"
)

// An Executor runs functions on goroutines of a pool, at most a given number at
// a time; more wait in line (concurrent.futures.ThreadPoolExecutor). It may be
// used on any goroutine.
type Executor struct {
	pool *ants.Pool
	size int

	mu      sync.Mutex
	running int
	waiting []func()
	shut    bool
	jobs    sync.WaitGroup
}

// NewExecutor returns an executor of that many goroutines; with 0, of as many
// as Python's default executor has threads.
func NewExecutor(workers int) (*Executor, error) {
	if workers <= 0 {
		workers = min(32, runtime.NumCPU()+4)
	}
	pool, err := ants.NewPool(workers, ants.WithDisablePurge(true))
	if err != nil {
		return nil, err
	}
	return &Executor{pool: pool, size: workers}, nil
}

// Submit has job called on one of the executor's goroutines. After Shutdown it
// returns ErrClosed.
func (e *Executor) Submit(job func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut {
		return ErrClosed
	}
	e.jobs.Add(1)
	if e.running == e.size {
		e.waiting = append(e.waiting, job)
		return nil
	}
	e.running++
	// It has room, as soon as a worker that is through with work is back.
	return e.pool.Submit(func() { e.work(job) })
}

// work runs job, and then whatever is waiting.
func (e *Executor) work(job func()) {
	defer func() {
		// Not nil if the last job left by way of runtime.Goexit, and took the
		// goroutine with it.
		if job != nil {
			if job = e.next(); job != nil {
				go e.work(job)
			}
		}
	}()
	for job != nil {
		func() {
			defer e.jobs.Done()
			job()
		}()
		job = e.next()
	}
}

func (e *Executor) next() (job func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		e.running--
		return nil
	}
	job = e.waiting[0]
	e.waiting[0] = nil
	e.waiting = e.waiting[1:]
	return job
}

// Shutdown makes the executor refuse jobs, and waits, if asked to, for those it
// has.
func (e *Executor) Shutdown(wait bool) {
	e.mu.Lock()
	e.shut = true
	e.mu.Unlock()
	release := func() {
		e.jobs.Wait()
		e.pool.Release()
	}
	if wait {
		release()
	} else {
		go release()
	}
}

// SetDefaultExecutor makes e the loop's own executor, which Close of the loop
// shuts down.
func (l *Loop) SetDefaultExecutor(e *Executor) {
	if l.executor == nil {
		l.atClose = append(l.atClose, func() { l.ownExecutor().Shutdown(false) })
	}
	l.executor = e
}

func (l *Loop) ownExecutor() *Executor {
	e, _ := l.executor.(*Executor)
	return e
}

// RunInExecutor has fn called on a goroutine of e, or with nil of the loop's own
// executor, and returns the future of its result (loop.run_in_executor). A panic
// of fn becomes a *coroutine.PanicError. Cancelling the future does not stop fn. On
// a closed loop, or executor, fn is not called, and the error is ErrClosed.
func RunInExecutor[T any](l *Loop, e *Executor, fn func() (T, error)) *Future[T] {
	f := NewFuture[T](l)
	if l.closed {
		f.fail(ErrClosed)
		return f
	}
	if e == nil {
		var err error
		if e, err = l.defaultExecutor(); err != nil {
			f.fail(err)
			return f
		}
	}
	l.system.Expect(1)
	err := e.Submit(func() {
		var v T
		err := coroutine.ErrGoexit
		defer func() {
			if r := recover(); r != nil {
				err = panicError(r)
			}
			// A closed loop has nobody left who waits.
			_ = l.CallSoonThreadsafe(func() {
				l.system.Expect(-1)
				switch {
				case f.state != pending:
				case err != nil:
					f.fail(err)
				default:
					f.succeed(v)
				}
			})
		}()
		v, err = fn()
	})
	if err != nil {
		l.system.Expect(-1)
		f.fail(err)
	}
	return f
}

func (l *Loop) defaultExecutor() (*Executor, error) {
	if e := l.ownExecutor(); e != nil {
		return e, nil
	}
	e, err := NewExecutor(0)
	if err == nil {
		l.SetDefaultExecutor(e)
	}
	return e, err
}
