package main

import "fmt"

// ask blocks until there is an answer.
func (s *service) ask(question string) (string, error) {
	s.asked(question)
	s.pause(callTime)
	return s.answer(question)
}

func trackBlocking(s *service, name string) (string, error) {
	user, err := s.ask(who(name))
	if err != nil {
		return "", err
	}
	order, err := s.ask(what(user))
	if err != nil {
		return "", err
	}
	place, err := s.ask(where(order))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s of %s is %s", order, user, place), nil
}

var blocking = rung{
	name: "blocking",
	start: func(s *service, name string, done func(string, error)) {
		done(trackBlocking(s, name))
	},
	order:  "one customer after the other; nothing else runs meanwhile",
	errors: "returned to the caller",
	state:  "in local variables",
	stack:  "the caller's, all the way",
}
