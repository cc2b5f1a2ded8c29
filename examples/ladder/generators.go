package main

import (
	"errors"
	"fmt"

	"coloop/coroutine"
)

// A process yields questions, is sent the answers and returns a string.
type process = coroutine.Generator[string, string, string]

// askGenerator returns what yields a question and returns the answer.
func (s *service) askGenerator(question string) *process {
	s.look(question)
	return coroutine.New(func(y *coroutine.Yielder[string, string]) (string, error) {
		return y.Yield(question)
	})
}

func trackGenerator(s *service, name string) *process {
	return coroutine.New(func(y *coroutine.Yielder[string, string]) (string, error) {
		user, err := coroutine.YieldFrom(y, s.askGenerator(who(name)))
		if err != nil {
			return "", err
		}
		order, err := coroutine.YieldFrom(y, s.askGenerator(what(user)))
		if err != nil {
			return "", err
		}
		place, err := coroutine.YieldFrom(y, s.askGenerator(where(order)))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s of %s is %s", order, user, place), nil
	})
}

// drive asks what g yields, and sends or throws the answer in: all that a loop
// needs to know of a coroutine.
func (s *service) drive(g *process, done func(string, error)) {
	var step func(question string, err error)
	step = func(question string, err error) {
		if stop := (*coroutine.StopIteration[string])(nil); errors.As(err, &stop) {
			done(stop.Value, nil)
			return
		}
		if err != nil {
			done("", err)
			return
		}
		s.askThen(question, func(answer string, err error) {
			if err != nil {
				step(g.Throw(err))
			} else {
				step(g.Send(answer))
			}
		})
	}
	step(g.Next())
}

var generators = rung{
	name: "generators",
	start: func(s *service, name string, done func(string, error)) {
		s.drive(trackGenerator(s, name), done)
	},
	order:  "all customers at a time",
	errors: "thrown in where it waits for the answer, and returned from there",
	state:  "in local variables",
	stack:  "the generator's own, set aside at each yield",
}
