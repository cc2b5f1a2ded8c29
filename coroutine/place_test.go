package coroutine_test

import (
	"regexp"
	"testing"

	"coloop/coroutine"
)

type counter struct{ counts map[string]int }

//go:noinline
func (c *counter) count(s string) { c.counts[s]++ }

func plainly() { panic("boom") }

func nilMap() { new(counter).count("x") }

func nilPointer() { (*counter)(nil).count("x") }

func standardLibrary() { regexp.MustCompile("(") }

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
		"plainly":          {plainly, "boom (coroutine_test.plainly at place_test.go:15)"},
		"nil map":          {nilMap, "assignment to entry in nil map (coroutine_test.(*counter).count at place_test.go:13)"},
		"nil pointer":      {nilPointer, nilDereference + " (coroutine_test.(*counter).count at place_test.go:13)"},
		"standard library": {standardLibrary, "regexp: Compile(`(`): error parsing regexp: missing closing ): `(` (coroutine_test.standardLibrary at place_test.go:21)"},
		"this package":     {thisPackage, nilDereference + " (coroutine_test.thisPackage at place_test.go:23)"},
		"again":            {again, "boom (coroutine_test.again.func1 at place_test.go:26)"},
		"worse":            {worse, "worse (coroutine_test.worse.func1 at place_test.go:31)"},
		"generic":          {func() { generic(0) }, byZero + " (coroutine_test.generic[...] at place_test.go:36)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := caught(func() {
				newGen(t, func(*yielder) (any, error) { tc.body(); return nil, nil }).Next()
			}).(*coroutine.PanicError)
			expect(t, "text", p.Error(), "panic: "+tc.want)
		})
	}
}
