package main

import "fmt"

// A handler is an except clause.
type handler[Y any] struct {
	kinds []string
	as    string
	body  step[Y]
}

// try compiles try, except, else and finally.
func (c *compiler[Y]) try(ins fields, at place) (step[Y], error) {
	body, err := c.part(ins, "body", at)
	if err != nil {
		return nil, err
	}
	handlers, err := c.handlers(ins.object["except"], at)
	if err != nil {
		return nil, err
	}
	otherwise, err := c.suite(ins, "else", at)
	if err != nil {
		return nil, err
	}
	finally, err := c.suite(ins, "finally", place{inLoop: at.inLoop})
	switch {
	case err != nil:
		return nil, err
	case len(handlers) == 0 && finally == nil:
		return nil, fmt.Errorf("neither except nor finally")
	case len(handlers) == 0 && otherwise != nil:
		return nil, fmt.Errorf("else without except")
	}
	return func(a *activation[Y]) (flow, error) {
		fl, err := body(a)
		if err != nil {
			fl, err = handle(a, handlers, err)
		} else if fl == onward && otherwise != nil {
			fl, err = otherwise(a)
		}
		if finally == nil || a.over {
			return fl, err
		}
		a.say("finally")
		result := a.result
		if fl, err := finally(a); fl != onward || err != nil {
			return fl, err
		}
		a.result = result
		return fl, err
	}, nil
}

// suite compiles a block that need not be there.
func (c *compiler[Y]) suite(ins fields, field string, at place) (step[Y], error) {
	x := ins.object[field]
	if x == nil {
		return nil, nil
	}
	return c.block(x, at)
}

func (c *compiler[Y]) handlers(x any, at place) ([]handler[Y], error) {
	if x == nil {
		return nil, nil
	}
	list, ok := x.([]any)
	if !ok {
		return nil, fmt.Errorf("bad except: %v", x)
	}
	at.inExcept = true
	handlers := make([]handler[Y], len(list))
	for i, x := range list {
		obj, ok := x.(object)
		if !ok {
			return nil, fmt.Errorf("bad except: %v", x)
		}
		h, err := c.handler(fields{obj}, at)
		if err != nil {
			return nil, fmt.Errorf("except: %w", err)
		}
		handlers[i] = h
	}
	return handlers, nil
}

func (c *compiler[Y]) handler(f fields, at place) (h handler[Y], err error) {
	match, ok := f.object["match"].([]any)
	if !ok {
		match = []any{f.object["match"]}
	}
	for _, x := range match {
		kind, _ := x.(string)
		if _, ok := parents[kind]; !ok {
			return h, fmt.Errorf("bad match %v", x)
		}
		h.kinds = append(h.kinds, kind)
	}
	if f.object["as"] != nil {
		if h.as, err = f.text("as"); err != nil {
			return h, err
		}
	}
	h.body, err = c.part(f, "body", at)
	return h, err
}

// handle plays the first handler that takes err; without one err goes on.
func handle[Y any](a *activation[Y], handlers []handler[Y], err error) (flow, error) {
	for _, h := range handlers {
		if !a.matches(err, h.kinds) {
			continue
		}
		a.say("except " + a.formatError(err))
		a.set(h.as, err)
		outer := a.caught
		defer func() { a.caught = outer }()
		a.caught = err
		return h.body(a)
	}
	return onward, err
}
