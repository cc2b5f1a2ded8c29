package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// An activation is one run of a body. Y is what the instructions of a level
// need to suspend it.
type activation[Y any] struct {
	*runtime
	who    string
	y      Y
	locals map[string]any
	caught error // by the except clause that is running
	result any   // of the return that is under way

	// shown is what the trace says is returned: the value of the latest return,
	// even if that was given up in favour of one that was under way already.
	shown any
}

func newActivation[Y any](rt *runtime, who string, y Y) *activation[Y] {
	return &activation[Y]{runtime: rt, who: who, y: y, locals: make(map[string]any)}
}

func (a *activation[Y]) scope(name string) map[string]any {
	if strings.HasPrefix(name, "@") {
		return a.shared
	}
	return a.locals
}

func (a *activation[Y]) get(name string) any { return a.scope(name)[name] }

func (a *activation[Y]) set(name string, v any) {
	if name != "" {
		a.scope(name)[name] = v
	}
}

// say adds a line to the trace.
func (a *activation[Y]) say(text string) { a.line(a.who, text) }

// succeed and refuse print how an operation ended.
func (a *activation[Y]) succeed(head string, v any) { a.say(head + " -> " + a.format(v)) }

func (a *activation[Y]) refuse(head string, err error) error {
	if !a.over {
		a.say(head + " !! " + a.formatError(err))
	}
	return err
}

// run plays a whole body and returns what it returns or raises.
func (a *activation[Y]) run(body step[Y]) (any, error) {
	a.say("start")
	fl, err := body(a)
	switch {
	case a.over:
		return nil, errOver
	case err != nil:
		a.say("raise " + a.formatError(err))
		return nil, err
	case fl != returning:
		a.result, a.shown = nil, nil
	}
	a.say("return " + a.format(a.shown))
	return a.result, nil
}

// A step is a compiled instruction, or a sequence of them. It says how the
// body goes on, or what it raises.
type step[Y any] func(a *activation[Y]) (flow, error)

type flow uint8

const (
	onward flow = iota
	breaking
	returning
)

// A compiler turns instructions into steps. Those that are not common to all
// levels are special's, which returns nil for what it does not know either.
type compiler[Y any] struct {
	special func(op string, ins fields, at place) (step[Y], error)
}

// place is where in its body an instruction stands.
type place struct{ inLoop, inExcept bool }

func (c *compiler[Y]) block(x any, at place) (step[Y], error) {
	list, ok := x.([]any)
	if !ok {
		return nil, fmt.Errorf("not a list of instructions: %v", x)
	}
	steps := make([]step[Y], len(list))
	for i, x := range list {
		ins, ok := x.(object)
		if !ok {
			return nil, fmt.Errorf("not an instruction: %v", x)
		}
		var err error
		if steps[i], err = c.instruction(fields{ins}, at); err != nil {
			return nil, fmt.Errorf("%v: %w", ins["op"], err)
		}
	}
	return func(a *activation[Y]) (flow, error) {
		for _, step := range steps {
			if a.over {
				return onward, errOver
			}
			if fl, err := step(a); fl != onward || err != nil {
				return fl, err
			}
		}
		return onward, nil
	}, nil
}

func (c *compiler[Y]) instruction(ins fields, at place) (step[Y], error) {
	op, err := ins.text("op")
	if err != nil {
		return nil, err
	}
	switch op {
	case "log":
		v, err := ins.literal("v")
		return func(a *activation[Y]) (flow, error) {
			a.say("log " + a.format(v(a)))
			return onward, nil
		}, err
	case "set":
		return c.set(ins)
	case "add":
		return c.add(ins)
	case "if":
		return c.branch(ins, at)
	case "loop":
		return c.loop(ins, at)
	case "break":
		if !at.inLoop {
			return nil, fmt.Errorf("outside of a loop")
		}
		return func(*activation[Y]) (flow, error) { return breaking, nil }, nil
	case "return":
		v, err := ins.optional("v")
		return func(a *activation[Y]) (flow, error) {
			a.result = v(a)
			a.shown = a.result
			return returning, nil
		}, err
	case "raise":
		raised, err := ins.raised("e")
		return func(a *activation[Y]) (flow, error) { return onward, raised(a) }, err
	case "reraise":
		if !at.inExcept {
			return nil, fmt.Errorf("outside of an except clause")
		}
		return func(a *activation[Y]) (flow, error) { return onward, a.caught }, nil
	case "try":
		return c.try(ins, at)
	}
	step, err := c.special(op, ins, at)
	if step == nil && err == nil {
		err = fmt.Errorf("no such instruction here")
	}
	return step, err
}

func (c *compiler[Y]) set(ins fields) (step[Y], error) {
	name, err := ins.text("var")
	if err != nil {
		return nil, err
	}
	v, err := ins.literal("v")
	return func(a *activation[Y]) (flow, error) {
		a.set(name, v(a))
		return onward, nil
	}, err
}

func (c *compiler[Y]) add(ins fields) (step[Y], error) {
	name, err := ins.text("var")
	if err != nil {
		return nil, err
	}
	n, err := ins.number("n")
	return func(a *activation[Y]) (flow, error) {
		was, _ := a.get(name).(int64)
		a.set(name, was+n)
		return onward, nil
	}, err
}

func (c *compiler[Y]) branch(ins fields, at place) (step[Y], error) {
	test, err := ins.equality()
	if err != nil {
		return nil, err
	}
	then, err := c.part(ins, "then", at)
	if err != nil {
		return nil, err
	}
	otherwise := func(*activation[Y]) (flow, error) { return onward, nil }
	if ins.object["else"] != nil {
		if otherwise, err = c.part(ins, "else", at); err != nil {
			return nil, err
		}
	}
	return func(a *activation[Y]) (flow, error) {
		if test(a) {
			return then(a)
		}
		return otherwise(a)
	}, nil
}

func (c *compiler[Y]) loop(ins fields, at place) (step[Y], error) {
	n, err := ins.number("n")
	if err != nil {
		return nil, err
	}
	at.inLoop = true
	body, err := c.part(ins, "body", at)
	return func(a *activation[Y]) (flow, error) {
		for range n {
			if a.over {
				return onward, errOver
			}
			fl, err := body(a)
			if err != nil || fl == returning {
				return fl, err
			}
			if fl == breaking {
				break
			}
		}
		return onward, nil
	}, err
}

// part compiles the block in a field.
func (c *compiler[Y]) part(ins fields, field string, at place) (step[Y], error) {
	x, err := ins.required(field)
	if err != nil {
		return nil, err
	}
	return c.block(x, at)
}

// fields reads those of an instruction.
type fields struct{ object }

func (f fields) required(name string) (any, error) {
	x, ok := f.object[name]
	if !ok {
		return nil, fmt.Errorf("lacks %q", name)
	}
	return x, nil
}

// text returns a field that names something.
func (f fields) text(name string) (string, error) {
	x, err := f.required(name)
	if err != nil {
		return "", err
	}
	s, ok := x.(string)
	if !ok || s == "" {
		return "", fmt.Errorf("bad %q: %v", name, x)
	}
	return s, nil
}

// label returns a field whose text traces show.
func (f fields) label(name string) (string, error) {
	s, err := f.text(name)
	if err == nil && !simple(s) {
		err = fmt.Errorf("bad %q: %s", name, s)
	}
	return s, err
}

// target returns the variable that is to receive the instruction's value, ""
// if there is none.
func (f fields) target() (string, error) {
	if f.object["to"] == nil {
		return "", nil
	}
	return f.text("to")
}

func (f fields) number(name string) (int64, error) {
	x, err := f.required(name)
	if err != nil {
		return 0, err
	}
	n, ok := x.(json.Number)
	if !ok {
		return 0, fmt.Errorf("bad %q: %v", name, x)
	}
	return n.Int64()
}

func (f fields) literal(name string) (literal, error) {
	x, err := f.required(name)
	if err != nil {
		return nil, err
	}
	return parseLiteral(x)
}

// optional is literal for a field that is None by default.
func (f fields) optional(name string) (literal, error) { return parseLiteral(f.object[name]) }

func (f fields) raised(name string) (func(variables) error, error) {
	x, err := f.required(name)
	if err != nil {
		return nil, err
	}
	return parseRaised(x)
}

// equality returns the test of var against eq.
func (f fields) equality() (func(variables) bool, error) {
	name, err := f.text("var")
	if err != nil {
		return nil, err
	}
	x, err := f.required("eq")
	if err != nil {
		return nil, err
	}
	eq, err := scalar(x)
	return func(vars variables) bool {
		switch v := vars.get(name).(type) {
		case nil, bool, int64, string:
			return v == eq
		}
		return false
	}, err
}
