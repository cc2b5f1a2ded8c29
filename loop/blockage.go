package loop

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Blockage is a step of a task, or a callback, that has lasted for so long that a
// [Watchdog] reports it: meanwhile, nothing else of its loop runs.
type Blockage struct {
	// Task is the name of the task; empty for a callback.
	Task string

	// For is how long the step has lasted, in real time, to about an eighth of the Limit.
	// Time for which the whole program was stopped, by a debugger say, does not count.
	For time.Duration

	// Over says that the step has ended. The other fields are then those of the report
	// before.
	Over bool

	// State is what its goroutine does, in the words of Go's stack traces: "chan receive",
	// "sync.Mutex.Lock", "sleep", "running" and so on. It is empty if it is not known.
	State string

	// Frames are the calls under way, innermost first, without those of the runtime and
	// of the loop. There are none if they are not known.
	Frames []runtime.Frame

	// Parked are tasks of the loop that wait in a call which may hold the lock that the
	// step waits for: one of the same type, or function, or else package. If one of them
	// does hold it, the loop is blocked for ever.
	Parked []ParkedTask
}

// A ParkedTask is a task that is suspended, and the calls that it is in, innermost first.
type ParkedTask struct {
	Task   string
	Frames []runtime.Frame
}

// String describes the blockage in a line.
//
//	task 'w' blocks its event loop for 2s: chan receive in main.worker at main.go:31
func (b Blockage) String() string {
	s := fmt.Sprintf("%s %s its event loop for %v", b.who(), b.verb(), b.For.Round(time.Millisecond))
	if b.State != "" {
		s += ": " + b.State + doing(b.Frames)
	}
	for i, p := range b.Parked {
		if i == 3 {
			return s + fmt.Sprintf("; and so may %d more", len(b.Parked)-i)
		}
		s += fmt.Sprintf("; task %s, parked%s, may hold the lock", quoted(p.Task), doing(p.Frames))
	}
	return s
}

func (b Blockage) who() string {
	if b.Task == "" {
		return "a callback"
	}
	return "task " + quoted(b.Task)
}

func (b Blockage) verb() string {
	if b.Over {
		return "has blocked"
	}
	return "blocks"
}

// doing describes the innermost call of the program, and what it calls.
func doing(frames []runtime.Frame) string {
	if len(frames) == 0 {
		return ""
	}
	i := slices.IndexFunc(frames, func(f runtime.Frame) bool { return inProgram(packageOf(f.Function), programModule()) })
	if i < 0 { // it calls a library, perhaps, that calls another one
		i = max(0, slices.IndexFunc(frames, func(f runtime.Frame) bool { return !isStandard(packageOf(f.Function)) }))
	}
	s := " in " + placeText(frames[i].Function, frames[i].File, frames[i].Line)
	if i > 0 {
		s = " (" + placeText(frames[i-1].Function, "", 0) + ")" + s
	}
	return s
}

// programModule is the path of the program's module.
var programModule = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Path
	}
	return ""
})

// inProgram reports whether a package belongs to the program, whose module is given. Of our
// own module, only tests and commands do.
func inProgram(pkg, module string) bool {
	return pkg == "main" || strings.HasSuffix(pkg, "_test") ||
		module != "coloop" && (pkg == module || strings.HasPrefix(pkg, module+"/"))
}

// isStandard reports whether a package is of the standard library, or ours.
func isStandard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".")
}

// log writes the blockage to slog.
func (b Blockage) log() {
	args := []any{"for", b.For.Round(time.Millisecond)}
	if b.Task != "" {
		args = append(args, "task", b.Task)
	}
	if b.State != "" {
		args = append(args, "state", b.State+doing(b.Frames))
	}
	if len(b.Frames) > 0 && !b.Over {
		args = append(args, "stack", stackText(b.Frames))
	}
	for _, p := range b.Parked {
		args = append(args, "parked", p.Task+doing(p.Frames))
	}
	what := "a callback "
	if b.Task != "" {
		what = "a task "
	}
	slog.Warn(what+b.verb()+" its event loop", args...)
}

// stackText describes calls in a line.
func stackText(frames []runtime.Frame) string {
	var calls []string
	for _, f := range frames {
		calls = append(calls, fmt.Sprintf("%s %s:%d", f.Function, filepath.Base(f.File), f.Line))
	}
	return strings.Join(calls, " < ")
}
