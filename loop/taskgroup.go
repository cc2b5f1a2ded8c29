package loop

import (
	"errors"
	"fmt"

	"coloop/coroutine"
)

// Errors of GoIn and CreateTaskIn; they also return ErrNotEntered, and Enter ErrEntered.
var (
	ErrGroupFinished     = errors.New("TaskGroup is finished")
	ErrGroupShuttingDown = errors.New("TaskGroup is shutting down")
)

// A TaskGroup is a set of tasks that end together (asyncio.TaskGroup): the first
// that fails has the others, and the body, cancelled. The zero value can be used
// once.
type TaskGroup struct {
	_ noCopy

	parent    *task
	tasks     map[*future]*groupTask
	first     *groupTask // of tasks, in the order of their creation
	last      *groupTask
	failed    []*future // whose errors Exit raises
	waiter    *groupEnd
	entered   bool
	exiting   bool
	aborting  bool
	requested bool  // the cancellation of the parent
	before    int32 // the requests to cancel the parent, at Enter
	cancelled bool  // by Cancel
}

// groupEnd is the future that Exit awaits.
type groupEnd struct {
	Future[struct{}]
	group *TaskGroup
}

// groupTask is a child of a group, which does not only wait for its end but
// keeps the order of cancellation.
type groupTask struct {
	group      *TaskGroup
	task       AnyTask
	prev, next *groupTask
}

// String describes the group: what it is doing, its tasks that have not ended, and the
// errors that Exit will raise.
//
//	<TaskGroup cancelling, 2 tasks, 1 error>
func (g *TaskGroup) String() string {
	state := "entered"
	switch {
	case !g.entered:
		state = "not entered"
	case g.aborting:
		state = "cancelling"
	}
	return object("TaskGroup", "", state, some(len(g.tasks), "task"), some(len(g.failed), "error"))
}

// String describes the timeout: its state, and the time that it is up on the loop's
// clock.
//
//	<Timeout active, up at 5s>
func (t *Timeout) String() string {
	up := "never up"
	if t.when != NoTimeout {
		up = "up at " + t.when.String()
	}
	return object("Timeout", "", t.state.String(), up)
}

// Len returns the number of tasks that have not ended, or not been seen to.
func (g *TaskGroup) Len() int { return len(g.tasks) }

// Failures returns the number of errors that Exit will raise.
func (g *TaskGroup) Failures() int { return len(g.failed) }

// Aborting reports whether the group is cancelling its tasks.
func (g *TaskGroup) Aborting() bool { return g.aborting }

// Go runs fn in a task of the group, as errgroup's Go does; see [GoIn].
func (g *TaskGroup) Go(fn func(*Yielder) error, opts ...TaskOption) {
	goIn(g, noResult(fn), codeOf(fn), opts)
}

// GoIn is [Go] for a task of the group. If the group takes none any more, the task
// fails at once, with [ErrGroupFinished] or [ErrGroupShuttingDown]. GoIn panics with
// [ErrNotEntered] before the group has been entered.
func GoIn[T any](g *TaskGroup, fn func(*Yielder) (T, error), opts ...TaskOption) *Task[T] {
	return goIn(g, fn, 0, opts)
}

func goIn[T any](g *TaskGroup, fn func(*Yielder) (T, error), pc uintptr, opts []TaskOption) *Task[T] {
	err := g.open()
	if !g.entered {
		panic(err)
	}
	l := g.parent.fut.loop
	if err != nil {
		return failedTask[T](l, err)
	}
	t := goTask(l, nil, fn, pc, opts)
	g.add(t)
	return t
}

// CreateTaskIn is CreateTask for a task of the group; see GoIn. It closes a
// coroutine that it cannot make a task of.
func CreateTaskIn[T any](g *TaskGroup, coro Coroutine[T], opts ...TaskOption) (*Task[T], error) {
	if err := g.open(); err != nil {
		_, closeErr := coro.Close()
		return nil, errors.Join(err, closeErr)
	}
	t := CreateTask(g.parent.fut.loop, coro, opts...)
	g.add(t)
	return t, nil
}

func (g *TaskGroup) open() error {
	if !g.entered {
		return fmt.Errorf("TaskGroup %w", ErrNotEntered)
	}
	g.parent.fut.loop.check()
	switch {
	case g.exiting && len(g.tasks) == 0:
		return ErrGroupFinished
	case g.aborting:
		return ErrGroupShuttingDown
	}
	return nil
}

func (g *TaskGroup) add(t AnyTask) {
	c := &groupTask{group: g, task: t, prev: g.last}
	if g.last == nil {
		g.first = c
	} else {
		g.last.next = c
	}
	g.last = c
	g.tasks[t.base()] = c
	t.base().addCallback(c)
	if g.aborting && !t.Done() {
		t.cancel("") // an eager task can fail, and abort the group, before it has been added to it
	}
}

func (g *TaskGroup) remove(c *groupTask) {
	if c.prev == nil {
		g.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		g.last = c.prev
	} else {
		c.next.prev = c.prev
	}
	delete(g.tasks, c.task.base())
}

// futureDone is TaskGroup._on_task_done.
func (c *groupTask) futureDone(f *future) {
	g := c.group
	g.remove(c)
	if len(g.tasks) == 0 && g.waiter != nil && g.waiter.state == pending {
		g.waiter.succeed(struct{}{})
	}
	if f.state == cancelled || f.err == nil {
		return
	}
	g.failed = append(g.failed, f)
	if g.parent.fut.state != pending {
		g.parent.fut.loop.CallExceptionHandler(ExceptionContext{
			Message: "task failed after the parent task of its group had ended", Exception: f.retrieve(), Task: c.task})
		return
	}
	if !g.aborting && !g.requested {
		g.abort()
		g.requested = true
		g.parent.cancel("")
	}
}

// Cancel cancels the tasks of the group and its body, which is no failure: Exit, and
// Run, return nil then unless something else has failed (TaskGroup.cancel, new in
// Python 3.15). It panics with [ErrNotEntered] before the group has been entered.
func (g *TaskGroup) Cancel() {
	err := g.open()
	switch {
	case !g.entered:
		panic(err)
	case err == nil:
		g.abort()
	}
	g.cancelled = true
	if !g.exiting && !g.requested {
		g.requested = true
		g.parent.cancel("")
	}
}

func (g *TaskGroup) abort() {
	g.aborting = true
	for c := g.first; c != nil; c = c.next {
		if !c.task.Done() {
			c.task.cancel("")
		}
	}
}

// Enter makes the task of y the parent of the group (__aenter__); each Enter
// without error needs its Exit. Run does both.
func (g *TaskGroup) Enter(y *Yielder) error {
	if g.entered {
		return fmt.Errorf("TaskGroup %w", ErrEntered)
	}
	parent, err := runningTask(y)
	if err != nil {
		return err
	}
	g.entered, g.parent, g.tasks = true, parent, make(map[*future]*groupTask)
	g.before = parent.cancelling
	return nil
}

// Exit waits for the tasks of the group, given the error that its body ended
// with, and returns what that becomes (__aexit__): a *GroupError if a task or
// the body failed; a CancelledError if the parent was cancelled by somebody else
// than the group. What is wrong with the call itself is joined to err: [ErrNotEntered],
// or a wrong place y.
func (g *TaskGroup) Exit(y *Yielder, err error) error {
	if !g.entered {
		return errors.Join(err, fmt.Errorf("TaskGroup %w", ErrNotEntered))
	}
	if _, e := runningTask(y); e != nil {
		return errors.Join(err, e)
	}
	g.exiting = true
	var last error
	cancellation := g.parent.cancellation(err)
	asked := cancellation != nil
	if err != nil && !g.aborting {
		g.abort()
	}
	for len(g.tasks) > 0 {
		g.waiter = &groupEnd{group: g}
		g.waiter.init(g.parent.fut.loop, g.waiter)
		_, e := g.waiter.Await(y)
		g.waiter = nil
		switch {
		case e == nil:
		case !IsCancelled(e):
			return e
		default:
			last = e
			if !g.aborting {
				// The parent is cancelled while it waits: so are the tasks.
				cancellation = e
				g.abort()
			}
		}
	}
	if g.requested && g.parent.Uncancel() == 0 {
		cancellation = nil
	}
	if g.cancelled && cancellation == nil && g.parent.cancelling > g.before {
		// Somebody else has cancelled the parent of a group that is being
		// cancelled. Nothing of what follows would say so.
		cancellation = last
	}
	if cancellation != nil && len(g.failed) == 0 {
		return cancellation
	}
	var errs []error
	for _, f := range g.failed {
		errs = append(errs, f.retrieve())
	}
	g.failed = nil
	if err != nil && !asked {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		if g.parent.Cancelling() > 0 {
			// The request of somebody else, which the error below hides, is
			// raised at the next step.
			g.parent.Uncancel()
			g.parent.cancel("")
		}
		return &GroupError{errs}
	}
	if g.cancelled && asked {
		return nil
	}
	return err
}

// Run calls fn as the body of the group and returns what Exit makes of its
// error. A panic of fn is one too, a [coroutine.PanicError]. The tasks end before
// the body does, whatever happens, a runtime.Goexit of fn included.
func (g *TaskGroup) Run(y *Yielder, fn func() error) error {
	if err := g.Enter(y); err != nil {
		return err
	}
	ended := false
	defer func() {
		if !ended {
			_ = g.Exit(y, coroutine.ErrGoexit) // the Goexit says it
		}
	}()
	err := recovered(fn)
	ended = true
	return g.Exit(y, err)
}

func (g *groupEnd) explain() (string, []AnyFuture) {
	var fs []AnyFuture
	for c := g.group.first; c != nil; c = c.next {
		fs = append(fs, c.task)
	}
	return "TaskGroup of " + count(fs), fs
}
