package main

import "fmt"

// askThen returns at once and calls then when there is an answer.
func (s *service) askThen(question string, then func(answer string, err error)) {
	s.asked(question)
	s.loop.CallLater(callTime, func() { then(s.answer(question)) })
}

func trackCallbacks(s *service, name string, done func(string, error)) {
	s.askThen(who(name), func(user string, err error) {
		if err != nil {
			done("", err)
			return
		}
		s.askThen(what(user), func(order string, err error) {
			if err != nil {
				done("", err)
				return
			}
			s.askThen(where(order), func(place string, err error) {
				if err != nil {
					done("", err)
					return
				}
				done(fmt.Sprintf("%s of %s is %s", order, user, place), nil)
			})
		})
	})
}

var callbacks = rung{
	name:   "callbacks",
	start:  trackCallbacks,
	order:  "all customers at a time",
	errors: "passed on by each callback, by hand; one that forgets loses them",
	state:  "in closures, one inside the other",
	stack:  "the loop's, which calls the callback; its maker has returned",
}
