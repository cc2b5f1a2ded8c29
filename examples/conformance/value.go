package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"coloop/coroutine"
)

// A value of a scenario is nil, a bool, an int64, a string, a []any of values,
// an error, or an object that has a label.

// A literal is what a scenario says in place of a value; evaluated, it is one.
type literal func(vars variables) any

// variables is where the body that evaluates a literal finds its variables.
type variables interface {
	get(name string) any
	set(name string, v any)
}

// simple reports whether s is a text that scenarios may contain.
func simple(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// scalar decodes a value that is neither a list nor an object.
func scalar(x any) (any, error) {
	switch x := x.(type) {
	case nil, bool:
		return x, nil
	case json.Number:
		n, err := strconv.ParseInt(x.String(), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("bad number %s", x)
		}
		return n, nil
	case string:
		if x != "" && simple(x) {
			return x, nil
		}
	}
	return nil, fmt.Errorf("bad value %v", x)
}

func parseLiteral(x any) (literal, error) {
	switch x := x.(type) {
	case object:
		if name, ok := x["var"].(string); ok {
			return func(vars variables) any { return vars.get(name) }, nil
		}
		if spec, ok := x["err"].(string); ok {
			make, err := parseError(spec)
			return func(variables) any { return make() }, err
		}
		return nil, fmt.Errorf("bad value %v", x)
	case []any:
		items, err := parseLiterals(x)
		return func(vars variables) any { return evaluate(items, vars) }, err
	}
	v, err := scalar(x)
	return func(variables) any { return v }, err
}

func parseLiterals(xs []any) ([]literal, error) {
	items := make([]literal, len(xs))
	for i, x := range xs {
		var err error
		if items[i], err = parseLiteral(x); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func evaluate(items []literal, vars variables) []any {
	vs := make([]any, len(items))
	for i, item := range items {
		vs[i] = item(vars)
	}
	return vs
}

// parseRaised decodes what is to be raised: an error, or the variable that
// holds one.
func parseRaised(x any) (func(vars variables) error, error) {
	switch x := x.(type) {
	case string:
		make, err := parseError(x)
		return func(variables) error { return make() }, err
	case object:
		if name, ok := x["var"].(string); ok {
			return func(vars variables) error {
				if err, ok := vars.get(name).(error); ok {
					return err
				}
				return &pyError{kind: "RuntimeError", msg: "no-error"}
			}, nil
		}
	}
	return nil, fmt.Errorf("bad error %v", x)
}

// format prints v as the trace shows it.
func (rt *runtime) format(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return `"` + v + `"`
	case []any:
		items := make([]string, len(v))
		for i, x := range v {
			items[i] = rt.format(x)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case error:
		return rt.formatError(v)
	case coroutine.State:
		return v.String()
	}
	return "<" + rt.label(v) + ">"
}
