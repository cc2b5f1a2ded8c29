package loop

// SetEager has the tasks made from now on begin at once, within the call that
// makes them, and not in the next turn (asyncio.eager_task_factory). One that
// never has to wait is done when it is made, and costs no turn. That changes the
// order in which things happen, so it is for programs that know of it. While the
// loop does not run it changes nothing.
func (l *Loop) SetEager(eager bool) { l.eager = eager }

// GoEager is Go for a task that begins at once (Task with eager_start); see
// SetEager.
func GoEager[T any](l *Loop, fn func(*Yielder) (T, error)) *Task[T] {
	return goTask(l, fn, true)
}

// runNow is the first step of an eager task, in the midst of that of another or
// of a callback (Task.__eager_start).
func (t *task) runNow() {
	l := t.fut.loop
	outer := l.current
	defer func() {
		if r := recover(); r != nil {
			t.end(panicError(r))
		}
		l.current = outer
	}()
	t.run(l)
}
