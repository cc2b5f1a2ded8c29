package main

import (
	"fmt"

	"coloop/loop"
)

// askTask suspends the task until there is an answer.
func (s *service) askTask(y *loop.Yielder, question string) (string, error) {
	s.asked(question)
	if err := loop.Sleep(y, callTime); err != nil {
		return "", err
	}
	return s.answer(question)
}

func trackTask(y *loop.Yielder, s *service, name string) (string, error) {
	user, err := s.askTask(y, who(name))
	if err != nil {
		return "", err
	}
	order, err := s.askTask(y, what(user))
	if err != nil {
		return "", err
	}
	place, err := s.askTask(y, where(order))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s of %s is %s", order, user, place), nil
}

var tasks = rung{
	name: "tasks",
	start: func(s *service, name string, done func(string, error)) {
		loop.Go(s.loop, func(y *loop.Yielder) (string, error) {
			return trackTask(y, s, name)
		}).AddDoneCallback(func(f *loop.Future[string]) { done(f.Result()) })
	},
	order:  "all customers at a time",
	errors: "returned to the caller, as in code that blocks",
	state:  "in local variables, as in code that blocks",
	stack:  "the task's own, set aside while it sleeps",
}
