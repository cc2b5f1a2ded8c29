package coroutine_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"coloop/coroutine"
)

type counter struct{ counts map[string]int }

var minus = -1

//go:noinline
func (c *counter) count(s string) { c.counts[s]++ }

func plainly() { panic("boom") }

func nilMap() { new(counter).count("x") }

func nilPointer() { (*counter)(nil).count("x") }

func standardLibrary() { _ = strings.Repeat("x", minus) }

func thisPackage() { coroutine.New[any, any, any](nil) }

func again() {
	defer func() { panic(recover()) }()
	panic("boom")
}

func worse() {
	defer func() { panic("worse") }()
	panic("boom")
}

//go:noinline
func generic[T int](zero T) T { return 1 / zero }

// TestA19Place: the text of a panic ends with its place in the user's program.
func TestA19Place(t *testing.T) {
	const (
		nilDereference = "runtime error: invalid memory address or nil pointer dereference"
		byZero         = "runtime error: integer divide by zero"
	)
	for name, tc := range map[string]struct {
		body func()
		want string
	}{
		"plainly":          {plainly, "boom (coroutine_test.plainly at place_test.go:19)"},
		"nil map":          {nilMap, "assignment to entry in nil map (coroutine_test.(*counter).count at place_test.go:17)"},
		"nil pointer":      {nilPointer, nilDereference + " (coroutine_test.(*counter).count at place_test.go:17)"},
		"standard library": {standardLibrary, "strings: negative Repeat count (coroutine_test.standardLibrary at place_test.go:25)"},
		"this package":     {thisPackage, nilDereference + " (coroutine_test.thisPackage at place_test.go:27)"},
		"again":            {again, "boom (coroutine_test.again.func1 at place_test.go:30)"},
		"worse":            {worse, "worse (coroutine_test.worse.func1 at place_test.go:35)"},
		"generic":          {func() { generic(0) }, byZero + " (coroutine_test.generic[...] at place_test.go:40)"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, file, _, _ := runtime.Caller(0); name == "standard library" && !filepath.IsAbs(file) {
				t.Skip("with -trimpath a place does not say whose it is")
			}
			p := caught(func() {
				newGen(t, func(*yielder) (any, error) { tc.body(); return nil, nil }).Next()
			}).(*coroutine.PanicError)
			expect(t, "text", p.Error(), "panic: "+tc.want)
		})
	}
}
