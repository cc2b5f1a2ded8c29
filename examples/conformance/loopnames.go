package main

import (
	"errors"
	"fmt"

	"coloop/coroutine"
	"coloop/loop"
)

var errWrongKind = &pyError{kind: "TypeError", code: "wrong-kind"}

// future is a *loop.Future[any] or a *loop.Task[any].
type future interface {
	loop.AnyFuture
	loop.Awaitable[any]
	Result() (any, error)
	SetResult(any) error
	SetException(error) error
	AddDoneCallback(func(*loop.Future[any])) (remove func() bool)
}

// whole returns the task that f is part of, or f.
func (l *loopLevel) whole(f *loop.Future[any]) future {
	if t, ok := l.tasks[f]; ok {
		return t
	}
	return f
}

func (l *loopLevel) resolve(a *activation[scene], name string) (any, error) {
	switch name {
	case "self":
		if t := l.loop.CurrentTask(); t != nil {
			return t, nil
		}
		return nil, errNoName
	case "fut":
		if a.y.fut != nil {
			return l.whole(a.y.fut), nil
		}
		return nil, errNoName
	}
	x, ok := l.names[name]
	if !ok {
		return nil, errNoName
	}
	return x, nil
}

// resolveAs is resolve for an object that must be of a kind.
func resolveAs[T any](l *loopLevel, a *activation[scene], name string) (T, error) {
	var none T
	x, err := l.resolve(a, name)
	if err != nil {
		return none, err
	}
	v, ok := x.(T)
	if !ok {
		return none, errWrongKind
	}
	return v, nil
}

// called is how the trace calls what name denotes.
func (l *loopLevel) called(a *activation[scene], name string) string {
	x, err := l.resolve(a, name)
	if err != nil {
		return name
	}
	return l.label(x)
}

// bind has name denote x, which gets a label unless it has one.
func (l *loopLevel) bind(name string, x any) any {
	if _, ok := l.labels[x]; !ok {
		l.labels[x] = l.newLabel(name)
	}
	l.names[name] = x
	return x
}

// An operand is an awaitable, evaluated.
type operand struct {
	label   string
	fresh   []tag // of a coroutine
	resolve func() (loop.Awaitable[any], error)
}

// operand compiles an awaitable: a name or a fresh coroutine.
func (l *loopLevel) operand(x any) (func(a *activation[scene]) operand, error) {
	if spec, ok := x.(object); ok {
		create, err := l.coroutine(fields{spec})
		return func(a *activation[scene]) operand {
			t, fn := create(a)
			return operand{t.label, []tag{t}, func() (loop.Awaitable[any], error) {
				return loop.From(coroutine.New(fn)), nil
			}}
		}, err
	}
	name, ok := x.(string)
	if !ok || name == "" {
		return nil, fmt.Errorf("bad awaitable: %v", x)
	}
	return func(a *activation[scene]) operand {
		return operand{label: l.called(a, name), resolve: func() (loop.Awaitable[any], error) {
			return resolveAs[future](l, a, name)
		}}
	}, nil
}

// operands compiles a list of awaitables.
func (l *loopLevel) operands(ins fields) (func(a *activation[scene]) []operand, error) {
	x, err := ins.required("of")
	if err != nil {
		return nil, err
	}
	xs, ok := x.([]any)
	if !ok {
		return nil, fmt.Errorf("bad %q: %v", "of", x)
	}
	all := make([]func(a *activation[scene]) operand, len(xs))
	for i, x := range xs {
		if all[i], err = l.operand(x); err != nil {
			return nil, err
		}
	}
	return func(a *activation[scene]) []operand {
		of := make([]operand, len(all))
		for i, operand := range all {
			of[i] = operand(a)
		}
		return of
	}, nil
}

// named is operands without fresh coroutines.
func (l *loopLevel) named(ins fields) (func(a *activation[scene]) []operand, error) {
	xs, _ := ins.object["of"].([]any)
	for _, x := range xs {
		if _, ok := x.(string); !ok {
			return nil, errors.New("only names here")
		}
	}
	return l.operands(ins)
}

func listOf(of []operand) string {
	labels := make([]string, len(of))
	for i, o := range of {
		labels[i] = o.label
	}
	return list(labels)
}

// awaitables resolves operands, when the operation begins.
func (l *loopLevel) awaitables(of ...operand) ([]loop.Awaitable[any], error) {
	l.making = nil
	aws := make([]loop.Awaitable[any], len(of))
	for i, o := range of {
		var err error
		if aws[i], err = o.resolve(); err != nil {
			return nil, err
		}
		l.making = append(l.making, o.fresh...)
	}
	return aws, nil
}

// coroutine compiles the making of a coroutine: its tag, and what it runs.
func (l *loopLevel) coroutine(spec fields) (func(a *activation[scene]) (tag, loop.Func[any]), error) {
	fn, err := spec.text("coro")
	if err != nil {
		return nil, err
	}
	if _, ok := l.coros[fn]; !ok {
		return nil, fmt.Errorf("no coroutine function %s", fn)
	}
	as, err := spec.label("as")
	if err != nil {
		return nil, err
	}
	given, ok := spec.object["args"].(object)
	if !ok && spec.object["args"] != nil {
		return nil, fmt.Errorf("bad %q: %v", "args", spec.object["args"])
	}
	args := make(map[string]literal, len(given))
	for name, x := range given {
		if args[name], err = parseLiteral(x); err != nil {
			return nil, err
		}
	}
	return func(a *activation[scene]) (tag, loop.Func[any]) {
		label := l.newLabel(as)
		locals := make(map[string]any, len(args))
		for name, v := range args {
			locals[name] = v(a)
		}
		return tag{as, label}, l.body(label, l.coros[fn], locals)
	}, nil
}
