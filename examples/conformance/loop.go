package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"coloop/coroutine"
	"coloop/loop"
)

// A scene is where a body of level loop runs: in a coroutine, or in a callback,
// which cannot suspend.
type scene struct {
	*loop.Yielder                   // nil in a callback
	fut           *loop.Future[any] // that a done callback is called with
}

// A loopLevel plays the scenarios of level loop, on a loop of its own.
type loopLevel struct {
	*runtime
	loop     *loop.Loop
	clock    *loop.Virtual
	compiler compiler[scene]
	coros    map[string]step[scene]
	fns      map[string]step[scene]
	removals map[registration][]func() bool
	tasks    map[*loop.Future[any]]*loop.Task[any]
	making   []tag // of the coroutines that the operation under way may make tasks of
}

// A tag is how a coroutine, and the task made of it, is called.
type tag struct{ name, label string }

// unit is the duration that the times of scenarios count.
const unit = 1

func playLoop(sc object) ([]byte, error) {
	l := &loopLevel{
		runtime:  newRuntime(),
		coros:    make(map[string]step[scene]),
		fns:      make(map[string]step[scene]),
		removals: make(map[registration][]func() bool),
		tasks:    make(map[*loop.Future[any]]*loop.Task[any]),
	}
	main, err := l.compile(sc)
	if err != nil {
		return nil, err
	}
	l.loop, l.clock = loop.NewVirtual()
	l.loop.SetExceptionHandler(l.reported)
	l.loop.SetTaskObserver(l.created)
	l.time = func() string { return strconv.FormatInt(int64(l.loop.Time()/unit), 10) }
	l.making = []tag{{"main", l.newLabel("main")}}
	loop.Go(l.loop, l.body("main", l.coros[main], nil))
	for !l.over {
		if err := l.loop.RunForever(); err == nil {
			l.line("loop stopped")
			continue
		} else if !errors.Is(err, loop.ErrIdle) {
			l.fail(err)
		}
		l.line("loop idle pending=" + list(labelsOf(l, l.loop.AllTasks())))
		break
	}
	l.time = nil
	l.line("end")
	l.over = true
	if err := l.loop.Close(); l.err == nil {
		l.err = err
	}
	return l.trace, l.err
}

// compile compiles all bodies and returns the name of the main one.
func (l *loopLevel) compile(sc object) (main string, err error) {
	coros, ok := sc["coros"].(object)
	if !ok {
		return "", fmt.Errorf("lacks coros")
	}
	fns, ok := sc["fns"].(object)
	if !ok && sc["fns"] != nil {
		return "", fmt.Errorf("bad fns: %v", sc["fns"])
	}
	for name := range coros {
		l.coros[name] = nil
	}
	for name := range fns {
		l.fns[name] = nil
	}
	l.compiler.special = l.suspending
	if err := l.compileAll(coros, l.coros); err != nil {
		return "", err
	}
	l.compiler.special = l.immediate
	if err := l.compileAll(fns, l.fns); err != nil {
		return "", err
	}
	main = "main"
	if sc["main"] != nil {
		main, _ = sc["main"].(string)
	}
	if _, ok := l.coros[main]; !ok {
		return "", fmt.Errorf("no coroutine function %v", main)
	}
	return main, nil
}

func (l *loopLevel) compileAll(bodies object, steps map[string]step[scene]) error {
	for name, x := range bodies {
		body, err := l.compiler.block(x, place{})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		steps[name] = body
	}
	return nil
}

// body is a coroutine function applied to its arguments.
func (l *loopLevel) body(label string, body step[scene], args map[string]any) loop.Func[any] {
	return func(y *loop.Yielder) (any, error) {
		a := newActivation(l.runtime, label, scene{Yielder: y})
		for name, v := range args {
			a.set(name, v)
		}
		return a.run(body)
	}
}

// call plays a callback. What that raises is raised in the loop.
func (l *loopLevel) call(who, what, fn string, fut *loop.Future[any]) {
	if l.over {
		return
	}
	a := newActivation(l.runtime, who, scene{fut: fut})
	a.say("call " + what)
	if _, err := l.fns[fn](a); err != nil && !l.over {
		panic(err)
	}
}

// created gives a task the label of the coroutine that it was made of, and has
// that one's name mean the task.
func (l *loopLevel) created(t loop.AnyTask) {
	task, ok := t.(*loop.Task[any])
	if !ok || len(l.making) == 0 {
		l.fail(fmt.Errorf("a task of nothing"))
		return
	}
	tag := l.making[0]
	l.making = l.making[1:]
	l.tasks[&task.Future] = task
	l.labels[task], l.names[tag.name] = tag.label, task
}

// reported prints what the loop's exception handler is called for.
func (l *loopLevel) reported(_ *loop.Loop, c loop.ExceptionContext) {
	if l.over || c.Unretrieved {
		return
	}
	p, ok := c.Exception.(*coroutine.PanicError)
	if !ok && c.Task == nil {
		l.line("loop error callback", l.formatError(c.Exception))
		return
	}
	if !ok {
		l.line("loop error orphan", l.formatError(c.Exception))
		return
	}
	err, ok := p.Value.(error)
	if !ok {
		l.fail(p)
		return
	}
	l.line("loop error callback", l.formatError(err))
}

// labelsOf lists objects as traces do.
func labelsOf[T any](l *loopLevel, xs []T) []string {
	labels := make([]string, len(xs))
	for i, x := range xs {
		labels[i] = l.label(x)
	}
	return labels
}

func list(labels []string) string { return "[" + strings.Join(labels, ", ") + "]" }
