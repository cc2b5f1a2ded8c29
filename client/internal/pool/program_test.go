package pool_test

import (
	"errors"
	"math/bits"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"

	"pgregory.net/rapid"
)

// TestAnyProgram: whatever tasks do with a pool, the books are right and what always holds does
// after each step, the tasks are served in turn, no place is lost, and each connection is
// closed once.
func TestAnyProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, v := loop.NewVirtual()
		defer l.Close()
		p := &program{T: t, l: l, v: v}
		p.pool = &conns{MaxConns: p.choose(8), MaxConnsPerHost: p.choose(4), IdleTimeout: 5}
		for p.choose(500) > 0 {
			p.step(pick(p, steps))
			p.check()
		}
		switch p.choose(3) {
		case 1:
			p.close()
		case 2:
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			p.loopClosed = true
			p.sweep()
		}
		p.finish()
	})
}

// steps are the names of steps, the more frequent ones more than once.
var steps = strings.Fields("take take take fill fill fill starve starve renew release release release drop drop cancel stale advance turn turn close")

// step does a step; if it needs a place or something else that is not there, a task takes a
// place instead.
func (p *program) step(name string) {
	open, empty := p.places(true), p.places(false)
	switch {
	case name == "fill" && len(empty) > 0:
		p.fill(pick(p, empty))
	case name == "starve" && len(empty) > 0:
		p.starve(pick(p, empty), p.by())
	case name == "renew" && len(open) > 0:
		pick(p, open).Renew()
	case name == "release" && len(open) > 0:
		p.back(pick(p, open), (*place).Release)
	case name == "drop" && len(p.held) > 0:
		p.back(pick(p, p.held), (*place).Drop)
	case name == "cancel" && len(p.waits) > 0:
		w := pick(p, p.waits)
		w.cancelled = true
		w.task.Cancel()
	case name == "stale" && len(p.conns) > 0:
		pick(p, p.conns).stale = true
	case name == "advance":
		p.v.Advance(time.Duration(1 + p.choose(5)))
	case name == "turn":
		p.turn(func() {})
	case name == "close" && p.choose(20) == 0:
		p.close()
	default:
		p.take(pick(p, []string{"a", "b", "c"}), p.by())
	}
}

// A program is what tasks do with a pool. A task ends when it has a place; the program
// gives it back.
type program struct {
	*rapid.T
	l                  *loop.Loop
	v                  *loop.Virtual
	pool               *conns
	waits              []*wait
	held               []*place
	conns              []*conn
	closed, loopClosed bool
}

// A wait is a task that has not got its place, or its descriptor, or has and does not know.
type wait struct {
	task      *loop.Task[*place]
	host      string
	by        time.Duration
	ticket    uint64
	starved   *place
	cancelled bool
}

// choose returns a number below n, each with the same probability, or nearly. Those of rapid
// prefer small ones.
func (p *program) choose(n int) (k int) {
	for range bits.Len(uint(n)) + 1 {
		k *= 2
		if rapid.Bool().Draw(p.T, "") {
			k++
		}
	}
	return k % n
}

func pick[T any](p *program, from []T) T { return from[p.choose(len(from))] }

func (p *program) by() time.Duration {
	if p.choose(2) == 0 {
		return loop.NoTimeout
	}
	return p.l.Time() + time.Duration(p.choose(6))
}

// places are the places that are held, with a connection or without one.
func (p *program) places(open bool) []*place {
	return slices.DeleteFunc(slices.Clone(p.held), func(pl *place) bool { return pl.Open() != open })
}

// turn runs one turn of the loop, with do at the end.
func (p *program) turn(do func()) {
	p.l.CallSoon(func() { do(); p.l.Stop() })
	if err := p.l.RunForever(); err != nil {
		p.Fatal(err)
	}
	p.sweep()
}

// wait starts a task in the midst of a turn.
func (p *program) wait(w *wait, fn func(y *loop.Yielder) (*place, error)) {
	p.waits = append(p.waits, w)
	p.turn(func() {
		before := p.pool.Ticket()
		w.task = loop.Go(p.l, fn, loop.Eager())
		if w.ticket = p.pool.Ticket(); w.ticket == before && !w.task.Done() {
			p.Errorf("%v does not wait for the pool", w.task)
		}
	})
}

func (p *program) take(host string, by time.Duration) {
	p.wait(&wait{host: host, by: by}, func(y *loop.Yielder) (*place, error) {
		return p.pool.Take(y, p.pool.Host(p.l, host), by)
	})
}

func (p *program) starve(pl *place, by time.Duration) {
	p.forget(pl)
	p.wait(&wait{host: pl.Host().Key(), by: by, starved: pl}, func(y *loop.Yielder) (*place, error) {
		return pl, pl.Starved(y, by)
	})
}

func (p *program) fill(pl *place) {
	c := &conn{}
	p.conns = append(p.conns, c)
	if err := pl.Fill(c); (err != nil) != p.closed {
		p.Errorf("to fill a place, closed %t: %v", p.closed, err)
	}
}

func (p *program) forget(pl *place) {
	i := slices.Index(p.held, pl)
	p.held = slices.Delete(p.held, i, i+1)
}

// back gives back a place, and checks that nobody gets it before his turn.
func (p *program) back(pl *place, how func(*place)) {
	before := slices.DeleteFunc(slices.Clone(p.waits), func(w *wait) bool { return !p.pending(w) })
	p.forget(pl)
	how(pl)
	var earlier []*wait // those of before that wait still, and could have been served
	for _, w := range before {
		if p.pending(w) {
			if host := p.pool.Host(p.l, w.host); host.HasRoom() || host == pl.Host() {
				earlier = append(earlier, w)
			}
			continue
		}
		for _, e := range earlier {
			p.Errorf("a place of %v: %v is served before %v", pl.Host(), w.task, e.task)
		}
	}
}

// pending reports whether the turn of a task has not come.
func (p *program) pending(w *wait) bool {
	first := p.pool.Host(p.l, w.host).First()
	return w.starved == nil && w.task.Cancelling() == 0 && first > 0 && w.ticket >= first
}

func (p *program) close() {
	if err := p.pool.Close(); err != nil {
		p.Error(err)
	}
	p.closed = true
}

// sweep looks which tasks have ended, and how.
func (p *program) sweep() {
	waits := p.waits
	p.waits = nil
	for _, w := range waits {
		if !w.task.Done() {
			p.waits = append(p.waits, w)
			continue
		}
		pl, err := w.task.Result()
		switch {
		case err == nil:
			if !pl.Held() || slices.Contains(p.held, pl) || pl.Host().Key() != w.host {
				p.Errorf("%v has got a place that is not its own", w.task)
			}
			if pl.Open() && (pl.Conn().stale || pl.Conn().ends > 0 || !pl.Used()) {
				p.Errorf("%v has got the connection %+v", w.task, pl.Conn())
			}
			p.held = append(p.held, pl)
			continue
		case w.cancelled && loop.IsCancelled(err), p.closed && err == pool.ErrClosed, p.loopClosed,
			p.l.Time() >= w.by && err == os.ErrDeadlineExceeded,
			w.starved != nil && errors.Is(err, pool.ErrNoOther):
		default:
			p.Errorf("%v ended with %v", w.task, err)
		}
		if w.starved != nil {
			w.starved.Drop()
		}
	}
}

func (p *program) check() {
	if err := p.pool.Check(); err != nil {
		p.Fatal(err)
	}
	for _, pl := range p.held {
		if !pl.Held() || pl.Open() && pl.Conn().ends > 0 {
			p.Errorf("to %v: held %t, closed %t", pl.Host(), pl.Held(), pl.Open())
		}
	}
}

// finish gives back what is held until nobody waits, and sees that all is back.
func (p *program) finish() {
	for len(p.held) > 0 || len(p.waits) > 0 {
		n := len(p.held)
		for len(p.held) > 0 {
			p.back(p.held[0], (*place).Drop)
			p.check()
		}
		was := len(p.waits)
		if !p.loopClosed {
			p.turn(func() {})
			p.check()
		}
		if n+len(p.held) == 0 && len(p.waits) == was {
			p.Fatalf("nobody has a place, and %d wait", was)
		}
	}
	if s := p.pool.Stats(); s.Open != s.Idle || s.Waiting != 0 {
		p.Errorf("left: %+v", s)
	}
	if p.loopClosed {
		p.close()
	} else {
		p.v.Advance(5) // the rest expires
		p.turn(func() {})
	}
	if s := p.pool.Stats(); s != (pool.Stats{}) || p.pool.Hosts() != 0 {
		p.Errorf("left: %+v, and %d hosts", s, p.pool.Hosts())
	}
	for _, c := range p.conns {
		if c.ends != 1 {
			p.Errorf("a connection was closed %d times", c.ends)
		}
	}
}
