package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// next returns the arguments of the experiment to try after a download: the same
// with the next generation; after all three the same with all flags, where
// threads and tasks differ; and at last the measurement of --speedup.
func (o options) next() []string {
	generation := func(name string) []string {
		return slices.Concat(o.common, o.selection, []string{"-g", name})
	}
	switch {
	case o.generation.name == "sequential":
		return generation("threadpool")
	case o.generation.name == "asyncio" && !o.all:
		return generation("sequential")
	case o.generation.name == "asyncio":
		return generation("threadpool")
	case !o.all:
		return slices.Concat(o.common, []string{"-a"})
	}
	return []string{"--speedup"}
}

// afterSpeedup is the last experiment.
var afterSpeedup = []string{"-s", "ERROR", "-v"}

func reportNext(w io.Writer, args []string) {
	fmt.Fprintf(w, "next: %s", program())
	for _, arg := range args {
		fmt.Fprint(w, " ", quote(arg))
	}
	fmt.Fprintln(w)
}

// goRun matches where go run puts a program: to its work folder or, the second
// time, to its cache.
var goRun = regexp.MustCompile(`/(go-build\d+/b\d+/exe|[0-9a-f]{64}-d)/[^/]+$`)

// program is what a user writes to call this program.
func program() string {
	const dir = "./examples/flags"
	if !goRun.MatchString(os.Args[0]) {
		return quote(os.Args[0])
	}
	if _, err := os.Stat(dir + "/next.go"); err == nil {
		return "go run " + dir
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return "go run " + info.Path
	}
	return "go run " + dir
}

// quote is an argument as a shell takes it.
func quote(arg string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%"
	if arg != "" && strings.Trim(arg, plain) == "" {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
