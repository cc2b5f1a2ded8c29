package main

import (
	"fmt"

	"coloop/loop"
)

// askFuture returns at once what will have the answer.
func (s *service) askFuture(question string) *loop.Future[string] {
	s.asked(question)
	f := loop.NewFuture[string](s.loop)
	s.loop.CallLater(callTime, func() { settle(f)(s.answer(question)) })
	return f
}

// settle returns what completes f with a result or an error. A future that is done
// already stays as it is.
func settle(f *loop.Future[string]) func(string, error) {
	return func(v string, err error) {
		if err != nil {
			_ = f.SetException(err)
		} else {
			_ = f.SetResult(v)
		}
	}
}

// A tracking is what its stages have in common.
type tracking struct {
	*service
	user, order string
	result      *loop.Future[string]
}

func trackFutures(s *service, name string) *loop.Future[string] {
	t := &tracking{service: s, result: loop.NewFuture[string](s.loop)}
	s.askFuture(who(name)).AddDoneCallback(t.identified)
	return t.result
}

func (t *tracking) identified(f *loop.Future[string]) {
	user, err := f.Result()
	if err != nil {
		settle(t.result)("", err)
		return
	}
	t.user = user
	t.askFuture(what(user)).AddDoneCallback(t.ordered)
}

func (t *tracking) ordered(f *loop.Future[string]) {
	order, err := f.Result()
	if err != nil {
		settle(t.result)("", err)
		return
	}
	t.order = order
	t.askFuture(where(order)).AddDoneCallback(t.placed)
}

func (t *tracking) placed(f *loop.Future[string]) {
	place, err := f.Result()
	settle(t.result)(fmt.Sprintf("%s of %s is %s", t.order, t.user, place), err)
}

var futures = rung{
	name: "futures",
	start: func(s *service, name string, done func(string, error)) {
		trackFutures(s, name).AddDoneCallback(func(f *loop.Future[string]) { done(f.Result()) })
	},
	order:  "all customers at a time",
	errors: "kept by each future, and passed on to the next, by hand",
	state:  "in a struct that the stages share",
	stack:  "the loop's, which calls the stage; the one before has returned",
}
