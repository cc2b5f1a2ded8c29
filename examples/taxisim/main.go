// Command taxisim simulates a fleet of taxis, as chapter 16 of "Fluent Python"
// does: each taxi is a generator that yields what it does next and is sent the
// time at which that was over. A queue of events takes the place of an event loop,
// and the clock jumps from one event to the next.
//
//	go run ./examples/taxisim -s 3
package main

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"coloop/coroutine"
	"coloop/examples/internal/cli"
)

// An Action is what a taxi does.
type Action string

const (
	LeaveGarage Action = "leave garage"
	PickUp      Action = "pick up passenger"
	DropOff     Action = "drop off passenger"
	GoHome      Action = "going home"
)

// An Event is that a taxi does something.
type Event struct {
	Time   int // minutes
	Proc   int // the taxi
	Action Action
}

func (e Event) String() string {
	return fmt.Sprintf("Event(time=%d, proc=%d, action='%s')", e.Time, e.Proc, e.Action)
}

// A Taxi yields its events, is sent the time of the next one, and returns nothing.
type Taxi = coroutine.Generator[Event, int, any]

// taxi makes some trips. Each of its events is yielded when it begins; the time
// sent then is when it is over.
func taxi(ident, trips, start int) *Taxi {
	return coroutine.New(func(y *coroutine.Yielder[Event, int]) (any, error) {
		time, err := y.Yield(Event{start, ident, LeaveGarage})
		for range trips {
			if err == nil {
				time, err = y.Yield(Event{time, ident, PickUp})
			}
			if err == nil {
				time, err = y.Yield(Event{time, ident, DropOff})
			}
		}
		if err == nil {
			_, err = y.Yield(Event{time, ident, GoHome})
		}
		return nil, err
	})
}

// A Simulator runs taxis.
type Simulator struct {
	events queue
	taxis  []*Taxi
	// draw returns exponentially distributed numbers whose mean is 1.
	draw func() float64
}

// Run prints the events until there are none or the time is up.
func (s *Simulator) Run(w io.Writer, endTime int) error {
	for i, t := range s.taxis {
		defer t.Close() // one that is still under way holds a stack
		first, err := t.Next()
		if err != nil {
			return fmt.Errorf("starting taxi %d: %w", i, err)
		}
		heap.Push(&s.events, first)
	}
	for now := 0; now < endTime; {
		if s.events.Len() == 0 {
			fmt.Fprintln(w, "*** end of events ***")
			return nil
		}
		e := heap.Pop(&s.events).(Event)
		fmt.Fprintf(w, "taxi: %d  %*s%v\n", e.Proc, 3*e.Proc, "", e)
		now = e.Time
		next, err := s.taxis[e.Proc].Send(now + s.duration(e.Action))
		switch {
		case err == nil:
			heap.Push(&s.events, next)
		case !errors.Is(err, coroutine.ErrStopIteration):
			return fmt.Errorf("taxi %d after %v: %w", e.Proc, e, err)
		}
	}
	fmt.Fprintf(w, "*** end of simulation time: %d events pending ***\n", s.events.Len())
	return nil
}

// duration returns how long it takes from an event to the taxi's next, in minutes.
func (s *Simulator) duration(a Action) int {
	mean := 1.0
	switch a {
	case LeaveGarage, DropOff: // looks for a passenger
		mean = 5
	case PickUp: // is on a trip
		mean = 20
	}
	return int(mean*s.draw()) + 1
}

// A queue is a heap of events, by time; of equal ones the first taxi's is first.
type queue []Event

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].Time, q[j].Time), cmp.Compare(q[i].Proc, q[j].Proc)) < 0
}
func (q *queue) Push(e any) { *q = append(*q, e.(Event)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}

// departureInterval is the time between the departures of two taxis, in minutes.
const departureInterval = 5

func newSimulator(taxis int, draw func() float64) *Simulator {
	s := &Simulator{draw: draw}
	for i := range taxis {
		s.taxis = append(s.taxis, taxi(i, (i+1)*2, i*departureInterval))
	}
	return s
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("taxisim", `usage: taxisim [OPTION]...

Simulate a fleet of taxis. Each is a coroutine, and the simulated clock jumps
from one event to the next.

OPTIONS
`)
	taxis := c.IntP("taxis", "t", 3, "run `N` taxis")
	endTime := c.IntP("end-time", "e", 180, "stop after `MINUTES` of simulated time")
	seed := c.Uint64P("seed", "s", 0, "draw the random numbers of `SEED`; those of another each time without it")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		if *taxis < 0 {
			return cli.Usagef("there cannot be %d taxis", *taxis)
		}
		if !c.Changed("seed") {
			*seed = rand.Uint64N(1e6)
		}
		fmt.Fprintf(out, "Events of %d taxis, by time in minutes. The indentation is the taxi: taxi 1 is\n"+
			"indented once, taxi 2 twice. For the same events again: --seed %d\n\n", *taxis, *seed)
		random := rand.New(rand.NewPCG(*seed, 0))
		return newSimulator(*taxis, random.ExpFloat64).Run(out, *endTime)
	})
}
