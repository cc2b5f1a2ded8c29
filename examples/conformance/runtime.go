package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxLines is how long a trace may be.
const maxLines = 20_000

// errOver unwinds the bodies that a scenario leaves behind. No instruction runs
// any more when it is about, and no except clause takes it.
var errOver = errors.New("the scenario is over")

// A runtime is what one scenario has: its trace, its names and labels, and the
// variables that all its bodies share.
type runtime struct {
	trace  []byte
	lines  int
	over   bool
	err    error // the scenario is not valid
	names  map[string]any
	counts map[string]int
	labels map[any]string
	shared map[string]any
	time   func() string // what lines begin with; may be nil
}

func newRuntime() *runtime {
	return &runtime{
		names:  make(map[string]any),
		counts: make(map[string]int),
		labels: make(map[any]string),
		shared: make(map[string]any),
	}
}

// fail ends a scenario that is not valid. The first reason counts.
func (rt *runtime) fail(err error) {
	if !rt.over {
		rt.over, rt.err = true, err
	}
}

// line adds to the trace.
func (rt *runtime) line(texts ...string) {
	if rt.over {
		return
	}
	if rt.lines++; rt.lines > maxLines {
		rt.fail(fmt.Errorf("more than %d lines of trace", maxLines))
		return
	}
	if rt.time != nil {
		rt.trace = append(append(rt.trace, rt.time()...), ' ')
	}
	rt.trace = append(append(rt.trace, strings.Join(texts, " ")...), '\n')
}

// newLabel returns the next label made from name: NAME, NAME#2, NAME#3, ...
func (rt *runtime) newLabel(name string) string {
	rt.counts[name]++
	if n := rt.counts[name]; n > 1 {
		return name + "#" + strconv.Itoa(n)
	}
	return name
}

func (rt *runtime) label(x any) string {
	label, ok := rt.labels[x]
	if !ok {
		rt.fail(fmt.Errorf("a %T has no label", x))
	}
	return label
}

// operand is how a trace calls what name denotes: by its label, or by name if
// it denotes nothing.
func (rt *runtime) operand(name string) string {
	if x, ok := rt.names[name]; ok {
		return rt.label(x)
	}
	return name
}
