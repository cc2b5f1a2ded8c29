package loop

import (
	"runtime/debug"

	"coloop/coroutine"
)

// panicError makes an error of a recovered value, with the stack of the panic.
func panicError(r any) *coroutine.PanicError {
	p, ok := r.(*coroutine.PanicError)
	if !ok {
		p = &coroutine.PanicError{Value: r, Stack: debug.Stack()}
	}
	return p
}

// recovered calls fn and returns its error, or its panic as one.
func recovered(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r)
		}
	}()
	return fn()
}

func isPanic(err error) bool {
	_, ok := err.(*coroutine.PanicError)
	return ok
}
