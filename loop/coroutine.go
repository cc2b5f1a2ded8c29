package loop

import (
	"errors"

	"coloop/coroutine"
)

// This file has what a task can drive.

// A Yielder is what a suspending function takes as its first parameter: the
// coroutine it runs in. Whatever takes a *Yielder may suspend the task that
// runs it; whatever does not never does, except for methods of Conn and
// Listener, which find the running task by themselves because they are those of
// net.Conn and net.Listener.
type Yielder = coroutine.Yielder[any, any]

// A Coroutine is what a task can drive: a generator, or a hand-written state
// machine, that yields nil to be resumed in the next turn of the loop, or waits
// by means of Await, or Block, and ends with a result of type T.
type Coroutine[T any] = coroutine.Resumable[any, any, T]

type driver interface {
	Send(any) (any, error)
	Throw(error) (any, error)
}

// Steps is a part of a coroutine that is written as a state machine, for [Drive].
type Steps interface {
	// Step goes on until it would have to wait. It returns what the task is to wait for, as
	// [Future.Block] and [Parked.Block] do, and is called again after that; err is the
	// cancellation, or other error, that the wait has ended with. If it returns nil, the
	// steps are over. It runs on the stack of the loop: no task can be parked there, and
	// y must not be used.
	Step(err error) (wait any)
}

// driven is what Drive yields: the task takes the steps from its own field.
type driven struct{}

// done stands for the coroutine of a task that has none any more.
type done struct{}

func (done) Send(any) (any, error)      { return nil, errors.New("task is done") }
func (done) Throw(e error) (any, error) { return nil, e }
