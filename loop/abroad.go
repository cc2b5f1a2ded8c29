package loop

import (
	"runtime"

	"coloop/coroutine"
)

// An abroad is the future that a task awaits while something else works for it: a goroutine
// ([Block]) or a task of another loop ([RunOn]). A cancellation of the task is passed on and
// does not end the wait.
type abroad[T any] struct {
	future
	kind string
	pc   uintptr                  // the code of the function that does the work
	pass func(cancellation error) // passes a cancellation on
	why  *CancelledError          // the first that was passed on
	sent int                      // how many were passed on
	done struct {
		Result[T]
		taken int // how many of those sent were raised in the work
	}
}

func (a *abroad[T]) cancel(msg string) bool {
	if a.state != pending {
		return false
	}
	c := &CancelledError{Msg: msg}
	if a.why == nil {
		a.why = c
	}
	a.sent++
	a.pass(c)
	return true
}

// arrive is called on the loop with the outcome of the work.
func (a *abroad[T]) arrive(v T, err error, taken int) {
	a.done.Value, a.done.Err, a.done.taken = v, err, taken
	if a.state == pending {
		a.settle(finished)
	}
}

// outcome suspends the task of y until the work has ended. If a cancellation was not raised
// in the work, outcome returns it, along with the value.
func (a *abroad[T]) outcome(y *Yielder) (T, error) {
	err := a.await(y)
	if a.state == pending {
		// The loop is being closed, or somebody else has resumed the coroutine.
		var zero T
		a.pass(err)
		return zero, err
	}
	if err == nil && a.sent > a.done.taken {
		err = a.why
	}
	switch own := a.done.Err; {
	case err == nil, isPanic(own), own == coroutine.ErrGoexit, own != nil && IsCancelled(own):
		err = own
	case own != nil:
		c, _ := err.(*CancelledError)
		if c == nil {
			c = &CancelledError{}
		}
		err = &CancelledError{Msg: c.Msg, cause: own}
	}
	return a.done.Value, err
}

func (a *abroad[T]) explain() (string, []AnyFuture) {
	name := "a function"
	if f := runtime.FuncForPC(a.pc); f != nil {
		name = placeText(f.Name(), "", 0)
	}
	return a.kind + " of " + name, nil
}
