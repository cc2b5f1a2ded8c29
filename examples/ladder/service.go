package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"time"

	"coloop/loop"
)

// callTime is how long the service takes to answer.
const callTime = 200 * time.Millisecond

// A service answers questions. Each rung asks it in a way of its own.
type service struct {
	loop  *loop.Loop
	pause func(time.Duration) // blocks, and the loop with it
	dots  io.Writer           // gets one for each event
	began time.Duration
	trace trace
}

// A trace is what happens on a rung.
type trace struct {
	texts []string
	times []time.Duration
	asks  []string // who asks the last of the three questions
}

// The three questions: each needs the answer to the one before.
func who(name string) string    { return "who is " + name + "?" }
func what(user string) string   { return "what did " + user + " order?" }
func where(order string) string { return "where is " + order + "?" }

var answers = map[string]string{
	who("ann"): "user 7", what("user 7"): "order 42", where("order 42"): "here",
	who("bob"): "user 8", what("user 8"): "order 43", where("order 43"): "at sea",
	who("eve"): "user 9",
}

var errUnknown = errors.New("no idea")

// asked notes that a question is asked.
func (s *service) asked(question string) {
	s.tell(question)
	s.look(question)
}

// look notes who is asking, if the question is the last one.
func (s *service) look(question string) {
	if names := callers(); names != nil && strings.HasPrefix(question, "where") {
		s.trace.asks = names
	}
}

// answer is what a question is answered with after callTime.
func (s *service) answer(question string) (string, error) {
	if answer, ok := answers[question]; ok {
		return answer, nil
	}
	return "", fmt.Errorf("%s %w", question, errUnknown)
}

// tell adds an event to the trace.
func (s *service) tell(text string) {
	s.trace.texts = append(s.trace.texts, text)
	s.trace.times = append(s.trace.times, s.loop.Time()-s.began)
	fmt.Fprint(s.dots, ".")
}

// tracker matches the functions that track orders.
var tracker = regexp.MustCompile(`track[A-Z]\w*|\(\*tracking\)\.\w+`)

// callers returns the functions under way that track orders, the innermost first.
func callers() (names []string) {
	var pcs [50]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		name := frame.Function[strings.LastIndexByte(frame.Function, '/')+1:]
		_, name, _ = strings.Cut(name, ".")
		switch tracker := tracker.FindString(name); tracker {
		case "":
		case name:
			names = append(names, name)
		default:
			names = append(names, "a closure of "+tracker)
		}
		if !more {
			return names
		}
	}
}
