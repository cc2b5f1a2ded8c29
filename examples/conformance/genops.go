package main

import "coloop/coroutine"

// operation compiles what the driver and bodies do to generators.
func (l *genLevel) operation(op string, ins fields) (step[*yielder], error) {
	switch op {
	case "new":
		return l.create(ins)
	case "next":
		return l.resume(op, ins, func(variables) (string, resumption) {
			return "", (*generator).Next
		})
	case "send":
		v, err := ins.literal("v")
		if err != nil {
			return nil, err
		}
		return l.resume(op, ins, func(vars variables) (string, resumption) {
			v := v(vars)
			return " " + l.format(v), func(g *generator) (any, error) { return g.Send(v) }
		})
	case "throw":
		raised, err := ins.raised("e")
		if err != nil {
			return nil, err
		}
		return l.resume(op, ins, func(vars variables) (string, resumption) {
			e := raised(vars)
			return " " + l.formatError(e), func(g *generator) (any, error) { return g.Throw(e) }
		})
	case "close":
		to, err := ins.target()
		if err != nil {
			return nil, err
		}
		return l.ask(op, ins, to, (*generator).Close)
	case "state":
		return l.ask(op, ins, "", func(g *generator) (any, error) { return g.State(), nil })
	case "delegate":
		return l.ask(op, ins, "", func(g *generator) (any, error) { return g.Delegate(), nil })
	}
	return nil, nil
}

func (l *genLevel) create(ins fields) (step[*yielder], error) {
	create, err := l.creation(ins)
	if err != nil {
		return nil, err
	}
	head := "new " + ins.object["g"].(string)
	return func(a *activation[*yielder]) (flow, error) {
		a.succeed(head, create())
		return onward, nil
	}, nil
}

// A resumption makes a generator go on, to its next yield.
type resumption func(g *generator) (any, error)

// resume compiles next, send and throw. prepare evaluates the operand, and
// returns how the trace shows it.
func (l *genLevel) resume(op string, ins fields, prepare func(vars variables) (string, resumption)) (step[*yielder], error) {
	on, err := ins.label("on")
	if err != nil {
		return nil, err
	}
	to, err := ins.target()
	return func(a *activation[*yielder]) (flow, error) {
		operand, resume := prepare(a)
		head := op + " " + l.operand(on) + operand
		g, err := l.resolve(on)
		var v any
		if err == nil {
			v, err = resume(g)
		}
		if stop, ok := err.(*coroutine.StopIteration[any]); ok {
			a.say(head + " -> stop " + a.format(stop.Value))
			return onward, err
		}
		if err != nil {
			return onward, a.refuse(head, err)
		}
		a.say(head + " -> yield " + a.format(v))
		a.set(to, v)
		return onward, nil
	}, err
}

// ask compiles an operation that prints a plain value.
func (l *genLevel) ask(op string, ins fields, to string, answer func(g *generator) (any, error)) (step[*yielder], error) {
	on, err := ins.label("on")
	return func(a *activation[*yielder]) (flow, error) {
		head := op + " " + l.operand(on)
		g, err := l.resolve(on)
		var v any
		if err == nil {
			v, err = answer(g)
		}
		if err != nil {
			return onward, a.refuse(head, err)
		}
		a.succeed(head, v)
		a.set(to, v)
		return onward, nil
	}, err
}
