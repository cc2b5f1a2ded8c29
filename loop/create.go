package loop

import (
	"context"
	"reflect"

	"coloop/coroutine"
)

// A TaskOption is a property of a task that is about to be made.
type TaskOption struct {
	name   string
	values context.Context
	eager  bool
	pc     uintptr
}

// Named gives the task a name; see [Task.SetName].
func Named(name string) TaskOption { return TaskOption{name: name} }

// Eager has the task begin at once, within the call that makes it (eager_start);
// see [Loop.SetEager]. That call must be made on the goroutine of the loop, and
// panics with [ErrWrongGoroutine] elsewhere.
func Eager() TaskOption { return TaskOption{eager: true} }

// WithValues gives the values of ctx to the context of the task, and to the contexts of
// the tasks that it makes (asyncio's context). Without it a task has its maker's values.
// The cancellation and the deadline of ctx are not passed on; see [CancelWith].
func WithValues(ctx context.Context) TaskOption { return TaskOption{values: ctx} }

// Doing names the function that describes the task, if the function of the task is only
// an adapter that calls it.
func Doing(fn any) TaskOption { return TaskOption{pc: codeOf(fn)} }

// SetEager has the tasks made from now on begin at once, within the call that
// makes them, and not in the next turn (asyncio.eager_task_factory). If such a task
// never has to wait, it is done when that call returns, and costs no turn. That changes
// the order of events, on which the program must not depend. While the loop does not
// run, SetEager has no effect.
func (l *Loop) SetEager(eager bool) { l.eager = eager }

// Go makes a task of fn and schedules its first step (asyncio.create_task). fn
// runs as a generator on a stack of the loop's pool. The context of its Yielder is
// done while a request to cancel the task stands, and when the task has ended.
//
// If fn is locked to its thread (runtime.LockOSThread) when it waits, the runtime ends
// the process. Work that needs a thread to itself belongs in [RunInExecutor].
//
// The place w is the loop, or the running coroutine. Go panics with [ErrNoTask] if w
// is a coroutine that no task runs.
func Go[T any, W Where](w W, fn func(*Yielder) (T, error), opts ...TaskOption) *Task[T] {
	l, y := at(w)
	return goTask(l, y, fn, 0, opts)
}

// goTask is Go. The maker of the task is the coroutine of y or, if y is nil, the
// task that runs. If pc is not 0, fn stands for the function whose code is there.
func goTask[T any](l *Loop, y *Yielder, fn func(*Yielder) (T, error), pc uintptr, opts []TaskOption) *Task[T] {
	l.check()
	t := &struct {
		Task[T]
		gen coroutine.Generator[any, any, T]
	}{}
	t.gen.Init((*taskContext)(&t.task), &l.stacks, fn)
	if pc != 0 {
		t.gen.SetFunc(pc)
	}
	t.stepper = t.gen.Stepper()
	t.start(l, &t.gen, l.valuesAt(y), opts)
	return &t.Task
}

// Spawn is Go for a function without a result.
func Spawn[W Where](w W, fn func(*Yielder) error, opts ...TaskOption) *Task[struct{}] {
	l, y := at(w)
	return goTask(l, y, noResult(fn), codeOf(fn), opts)
}

func noResult(fn func(*Yielder) error) func(*Yielder) (struct{}, error) {
	return func(y *Yielder) (struct{}, error) { return struct{}{}, fn(y) }
}

func codeOf(fn any) uintptr { return reflect.ValueOf(fn).Pointer() }

// NewFuture returns a pending future (loop.create_future). For w see [Go].
func NewFuture[T any, W Where](w W) *Future[T] {
	f := &Future[T]{}
	f.init(loopOf(w), f)
	return f
}

// CreateTask is Go for a coroutine object. A generator that has no context and no
// pool gets those of the task and its loop. If it is a task already, or awaited by
// somebody, or has ended, the new task fails with [coroutine.ErrAwaited] or the like,
// and the generator is left as it is.
func CreateTask[T any, W Where](w W, coro Coroutine[T], opts ...TaskOption) *Task[T] {
	l, y := at(w)
	l.check()
	t := &Task[T]{}
	if g, ok := coro.(*coroutine.Generator[any, any, T]); ok {
		if err := g.Claim(); err != nil {
			return failedTask[T](l, err)
		}
		g.Inherit((*taskContext)(&t.task), &l.stacks)
	}
	t.start(l, coro, l.valuesAt(y), opts)
	return t
}

// valuesAt returns the context whose values a new task inherits; nil if there are no
// values. The maker of the task is the coroutine of y or, if y is nil, the running task.
func (l *Loop) valuesAt(y *Yielder) context.Context {
	maker := l.current
	if y != nil {
		t, ok := y.Given().(*taskContext)
		if !ok {
			return y.Given()
		}
		maker = (*task)(t)
	}
	if maker == nil {
		return nil
	}
	return maker.values()
}

func (t *Task[T]) start(l *Loop, coro Coroutine[T], values context.Context, opts []TaskOption) {
	t.Future.init(l, t)
	t.isTask = true
	t.task.fut, t.task.coro = &t.future, coro
	t.handle.cb = &t.task
	eager := l.eager && l.running
	for _, o := range opts {
		if o.name != "" {
			t.SetName(o.name)
		}
		if o.values != nil {
			values = o.values
		}
		eager = eager || o.eager && l.running
		if g, ok := coro.(interface{ SetFunc(uintptr) }); ok && o.pc != 0 {
			g.SetFunc(o.pc)
		}
	}
	if eager && !l.OnLoop() {
		panic(ErrWrongGoroutine)
	}
	if values != nil {
		t.setValues(values)
	}
	if t.notes.Load() == nil {
		l.made++
		t.number = uint32(l.made)
	}
	if l.debug != nil {
		l.debug.made(&t.task)
	}
	l.tasks.add(&t.task)
	if l.onTask != nil {
		l.observed(t)
	}
	switch {
	case l.closed:
		t.end(t.shut())
	case eager:
		t.runNow()
	default:
		l.enqueue(&t.handle)
	}
}

// observed shows a new task to the task observer. If the observer panics, the task is
// undone.
func (l *Loop) observed(t AnyTask) {
	ok := false
	defer func() {
		if !ok {
			l.tasks.remove(t.core())
			t.base().settle(cancelled)
		}
	}()
	l.onTask(t)
	ok = true
}

// failedTask returns a task that could not be made.
func failedTask[T any](l *Loop, err error) *Task[T] {
	t := &Task[T]{}
	t.Future.init(l, t)
	t.isTask = true
	t.task.fut, t.task.coro = &t.future, done{}
	l.made++
	t.number = uint32(l.made)
	t.fail(err)
	return t
}
