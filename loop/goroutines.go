package loop

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
)

// goroutine is one of those that a stack trace of the runtime shows.
type goroutine struct {
	id     uint64
	state  string // "chan receive", "running" and so on, in the runtime's words; "coroutine" if it has switched to another one
	puller uint64 // the goroutine that has made this one by iter.Pull; 0 if it was made otherwise
	calls  []byte // the lines that follow the first
}

// goroutines returns the goroutines of the program. Meanwhile the program stands still, about
// 3 µs for each goroutine. Of very many, some are missing.
func goroutines() []goroutine {
	const most = 64 << 20
	for size := min(1<<16+runtime.NumGoroutine()<<10, most); ; size = min(2*size, most) {
		trace := make([]byte, size)
		if n := runtime.Stack(trace, true); n < size || size == most {
			return parseGoroutines(trace[:n])
		}
	}
}

// goroutineHere returns the number of the calling goroutine; 0 if it cannot be told.
func goroutineHere() uint64 {
	var trace [64]byte
	all := parseGoroutines(trace[:runtime.Stack(trace[:], false)])
	if len(all) == 0 {
		return 0
	}
	return all[0].id
}

// parseGoroutines reads a stack trace. It skips what it does not understand.
func parseGoroutines(trace []byte) (all []goroutine) {
	for len(trace) > 0 {
		var block []byte
		block, trace, _ = bytes.Cut(trace, []byte("\n\n"))
		header, calls, _ := bytes.Cut(block, []byte("\n"))
		// "goroutine 18 [chan receive, 2 minutes]:", with more before the bracket at times.
		rest, ok := bytes.CutPrefix(header, []byte("goroutine "))
		number, rest, _ := bytes.Cut(rest, []byte(" "))
		id, err := strconv.ParseUint(string(number), 10, 64)
		if !ok || err != nil {
			continue
		}
		_, rest, _ = bytes.Cut(rest, []byte("["))
		state, _, _ := bytes.Cut(rest, []byte("]"))
		state, _, _ = bytes.Cut(state, []byte(","))
		state, _, _ = bytes.Cut(state, []byte(" ("))
		g := goroutine{id: id, state: string(state), calls: calls}
		if g.state == "runnable" { // it has been stopped for the trace
			g.state = "running"
		}
		if i := bytes.LastIndex(calls, []byte("created by iter.Pull")); i >= 0 {
			by, _, _ := bytes.Cut(calls[i:], []byte("\n"))
			_, maker, _ := bytes.Cut(by, []byte(" in goroutine "))
			g.puller, _ = strconv.ParseUint(string(maker), 10, 64)
		}
		all = append(all, g)
	}
	return all
}

// frames returns the calls under way, innermost first. Those of the runtime, by which the
// innermost call waits, and those of the loop, which have called the user's function, are
// not among them.
func (g goroutine) frames() (all []runtime.Frame) {
	lines := strings.Split(string(g.calls), "\n")
	for i := 0; i+1 < len(lines); i++ {
		call, place := lines[i], lines[i+1]
		if !strings.HasPrefix(place, "\t") {
			continue // some calls are left out here
		}
		i++
		if strings.HasPrefix(call, "created by ") {
			break
		}
		f := runtime.Frame{Function: call}
		if n := strings.LastIndexByte(call, '('); n > 0 {
			f.Function = call[:n]
		}
		place, _, _ = strings.Cut(place[1:], " ")
		if n := strings.LastIndexByte(place, ':'); n > 0 {
			f.File = place[:n]
			f.Line, _ = strconv.Atoi(place[n+1:])
		}
		if runsUsers(f.Function) {
			break
		}
		if len(all) > 0 || !waits(f.Function) {
			all = append(all, f)
		}
	}
	for n := len(all) - 1; n >= 0 && strings.HasPrefix(all[n].Function, "coloop/loop."); n-- {
		all = all[:n]
	}
	return all
}

// runsUsers reports whether a function is one of ours that calls the user's.
func runsUsers(function string) bool {
	return function == "coloop/loop.(*Loop).runReady" ||
		strings.HasPrefix(function, "coloop/coroutine.") && strings.HasSuffix(function, ".call")
}

// waits reports whether a function is one by which the standard library or a coroutine
// waits, below the one that the user calls.
func waits(function string) bool {
	for _, internal := range []string{"runtime.", "internal/", "sync.runtime_", "iter.", "coloop/coroutine."} {
		if strings.HasPrefix(function, internal) {
			return true
		}
	}
	return false
}

// receiver returns the type whose method a function is, with its package; or else the
// function that it is, or that it stands in.
func receiver(function string) string {
	i := strings.LastIndexByte(function, '/') + 1
	pkg, name, _ := strings.Cut(function[i:], ".")
	name, _, _ = strings.Cut(name, ".")
	return function[:i] + pkg + "." + name
}

// packageOf returns the path of the package of a function.
func packageOf(function string) string {
	i := strings.LastIndexByte(function, '/') + 1
	pkg, _, _ := strings.Cut(function[i:], ".")
	return function[:i] + pkg
}
