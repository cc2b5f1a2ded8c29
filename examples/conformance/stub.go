package main

import (
	"fmt"

	"coloop/coroutine"
)

type iterator = coroutine.Iterator[any]

// A stub is an iterator that is no generator.
type stub struct {
	*stubSpec
	rt    *runtime
	name  string // its label
	vars  variables
	items []any
}

// A stubSpec is what a scenario says about a stub.
type stubSpec struct {
	items              []literal
	ret                literal
	send, throw, close method
}

// A method is what a stub's Send, Throw or Close does. Without an act that is
// what is usual for it.
type method struct {
	exists bool
	act    func(vars variables) (any, error)
}

func (s *stub) Next() (any, error) {
	s.rt.line(s.name, "next")
	return s.advance()
}

func (s *stub) advance() (any, error) {
	if len(s.items) == 0 {
		return nil, &coroutine.StopIteration[any]{Value: s.ret(s.vars)}
	}
	v := s.items[0]
	s.items = s.items[1:]
	return v, nil
}

type sender struct{ s *stub }

func (x sender) Send(v any) (any, error) {
	x.s.rt.line(x.s.name, "send", x.s.rt.format(v))
	if x.s.send.act == nil {
		return x.s.advance()
	}
	return x.s.send.act(x.s.vars)
}

type thrower struct{ s *stub }

func (x thrower) Throw(err error) (any, error) {
	x.s.rt.line(x.s.name, "throw", x.s.rt.formatError(err))
	if x.s.throw.act == nil {
		return nil, err
	}
	return x.s.throw.act(x.s.vars)
}

type closer struct{ s *stub }

func (x closer) Close() error {
	x.s.rt.line(x.s.name, "close")
	if x.s.close.act == nil {
		return nil
	}
	_, err := x.s.close.act(x.s.vars)
	return err
}

// iterator returns s with the methods it is to have, and no others.
func (s *stub) iterator() iterator {
	send, throw, close := sender{s}, thrower{s}, closer{s}
	switch [3]bool{s.send.exists, s.throw.exists, s.close.exists} {
	case [3]bool{true, false, false}:
		return struct {
			*stub
			sender
		}{s, send}
	case [3]bool{false, true, false}:
		return struct {
			*stub
			thrower
		}{s, throw}
	case [3]bool{false, false, true}:
		return struct {
			*stub
			closer
		}{s, close}
	case [3]bool{true, true, false}:
		return struct {
			*stub
			sender
			thrower
		}{s, send, throw}
	case [3]bool{true, false, true}:
		return struct {
			*stub
			sender
			closer
		}{s, send, close}
	case [3]bool{false, true, true}:
		return struct {
			*stub
			thrower
			closer
		}{s, throw, close}
	case [3]bool{true, true, true}:
		return struct {
			*stub
			sender
			thrower
			closer
		}{s, send, throw, close}
	}
	return s
}

// stub compiles the making of a stub from the fields iter and as.
func (l *genLevel) stub(ins fields) (func(vars variables) iterator, error) {
	obj, ok := ins.object["iter"].(object)
	if !ok {
		return nil, fmt.Errorf("bad iter: %v", ins.object["iter"])
	}
	as, err := ins.label("as")
	if err != nil {
		return nil, err
	}
	spec, err := parseStub(fields{obj})
	return func(vars variables) iterator {
		s := &stub{stubSpec: spec, rt: l.runtime, vars: vars, items: evaluate(spec.items, vars)}
		s.name = l.newLabel(as)
		it := s.iterator()
		l.labels[it] = s.name
		return it
	}, err
}

func parseStub(f fields) (*stubSpec, error) {
	spec := new(stubSpec)
	var err error
	if x, ok := f.object["items"]; ok {
		items, ok := x.([]any)
		if !ok {
			return nil, fmt.Errorf("bad items: %v", x)
		}
		if spec.items, err = parseLiterals(items); err != nil {
			return nil, err
		}
	}
	if spec.ret, err = f.optional("ret"); err != nil {
		return nil, err
	}
	for _, m := range []struct {
		name, usual string
		method      *method
	}{
		{"send", "next", &spec.send},
		{"throw", "raise", &spec.throw},
		{"close", "ok", &spec.close},
	} {
		x, ok := f.object[m.name]
		if !ok {
			continue
		}
		m.method.exists = true
		if x == m.usual {
			continue
		}
		if m.method.act, err = parseAct(x); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return spec, nil
}

// parseAct decodes {"yield": v}, {"return": v} and {"raise": E}.
func parseAct(x any) (func(vars variables) (any, error), error) {
	obj, _ := x.(object)
	f := fields{obj}
	for what := range obj {
		switch what {
		case "raise":
			raised, err := f.raised(what)
			return func(vars variables) (any, error) { return nil, raised(vars) }, err
		case "yield":
			v, err := f.literal(what)
			return func(vars variables) (any, error) { return v(vars), nil }, err
		case "return":
			v, err := f.literal(what)
			return func(vars variables) (any, error) {
				return nil, &coroutine.StopIteration[any]{Value: v(vars)}
			}, err
		}
	}
	return nil, fmt.Errorf("bad method %v", x)
}
