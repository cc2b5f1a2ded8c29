package pool_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"
	"coloop/loop/looptest"
)

type (
	conns = pool.Pool[*conn, string]
	host  = pool.Host[*conn, string]
	place = pool.Place[*conn, string]
)

var errTest = errors.New("test")

// A conn is a connection that leads nowhere.
type conn struct {
	name   string
	stale  bool
	rogue  bool      // panics when it is closed or retired
	ends   int       // how often it was closed or retired
	retire error     // what Retire returns
	log    *[]string // of what is closed and retired
}

func (c *conn) Unused() bool { return !c.stale }

func (c *conn) Close() error {
	c.end("close ")
	return errTest // which nobody wants
}

func (c *conn) Retire() error {
	c.end("retire ")
	return c.retire
}

func (c *conn) end(how string) {
	c.ends++
	if c.rogue {
		panic(errTest)
	}
	if c.log != nil {
		*c.log = append(*c.log, how+c.name)
	}
}

// A rig is a pool on a virtual clock, with a log of what happens.
type rig struct {
	*conns
	t     *testing.T
	y     *loop.Yielder
	l     *loop.Loop
	log   []string
	taken []*place
	tasks []*loop.Task[*place]
}

// on runs fn with a pool. Then it gives back the places that fn has left held, and checks
// that none is lost.
func on(t *testing.T, p *conns, fn func(r *rig)) {
	t.Helper()
	looptest.Run(t, func(y *loop.Yielder) error {
		r := &rig{conns: p, t: t, y: y, l: loop.Running(y)}
		fn(r)
		r.drain()
		if s := p.Stats(); s.Open != s.Idle || s.Waiting != 0 {
			t.Errorf("left: %+v", s)
		}
		err := p.Close()
		r.stats(0, 0, 0)
		if n := p.Hosts(); n != 0 {
			t.Errorf("%d hosts are known", n)
		}
		return err
	})
}

// drain drops the places that tasks have, and those that tasks get then.
func (r *rig) drain() {
	r.t.Helper()
	r.settle()
	for i := 0; i < len(r.taken); i++ {
		if r.taken[i].Held() {
			r.taken[i].Drop()
			r.settle()
		}
	}
	for _, task := range r.tasks {
		_, _ = task.Result() // it is in the log
	}
}

// settle lets the other tasks run for as long as no time need pass, and checks the books.
func (r *rig) settle() {
	r.t.Helper()
	for range 4 {
		if err := loop.Sleep(r.y, 0); err != nil {
			r.t.Fatal(err)
		}
		if err := r.Check(); err != nil {
			r.t.Error(err)
		}
	}
}

func (r *rig) sleep(d time.Duration) {
	r.t.Helper()
	if err := loop.Sleep(r.y, d); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) host(key string) *host { return r.Host(r.l, key) }

// take takes a place that is to be had at once.
func (r *rig) take(key string) *place {
	r.t.Helper()
	turn := r.l.Turn()
	pl, err := r.Take(r.y, r.host(key), loop.NoTimeout)
	if err != nil || r.l.Turn() != turn {
		r.t.Fatalf("a place for %s: %v", key, err)
	}
	r.taken = append(r.taken, pl)
	return pl
}

// open opens a connection. The first letter of its name is the host.
func (r *rig) open(name string) *place {
	r.t.Helper()
	pl := r.take(name[:1])
	r.fill(pl, name, nil)
	return pl
}

// idle opens connections and releases them, in this order.
func (r *rig) idle(names ...string) (all []*place) {
	r.t.Helper()
	for _, name := range names {
		all = append(all, r.open(name))
	}
	for _, pl := range all {
		pl.Release()
	}
	return all
}

func (r *rig) fill(pl *place, name string, want error) {
	r.t.Helper()
	if pl.Open() || pl.Used() {
		r.t.Errorf("to be filled: %+v", pl)
	}
	if err := pl.Fill(&conn{name: name, log: &r.log}); err != want {
		r.t.Errorf("got %v, want %v", err, want)
	}
}

// waiter starts a task that waits for a place, at most until by, and says what it gets.
func (r *rig) waiter(name string, by time.Duration) *loop.Task[*place] {
	r.t.Helper()
	return r.waits(name, func(y *loop.Yielder) (*place, error) {
		return r.Take(y, r.host(name[:1]), by)
	})
}

// starve starts a task that is starved, with a place that it has.
func (r *rig) starve(name string, by time.Duration) *loop.Task[*place] {
	r.t.Helper()
	pl := r.take(name[:1])
	return r.waits(name, func(y *loop.Yielder) (*place, error) { return pl, pl.Starved(y, by) })
}

func (r *rig) waits(name string, wait func(y *loop.Yielder) (*place, error)) *loop.Task[*place] {
	r.t.Helper()
	task := loop.Go(r.y, func(y *loop.Yielder) (*place, error) {
		pl, err := wait(y)
		if pl != nil {
			r.taken = append(r.taken, pl)
		}
		switch {
		case err != nil:
			if pl != nil {
				pl.Drop()
			}
			r.log = append(r.log, name+": "+err.Error())
		case pl.Open():
			r.log = append(r.log, name+" has "+pl.Conn().name)
		default:
			r.log = append(r.log, name+" has a place")
		}
		return pl, err
	}, loop.Named(name))
	r.tasks = append(r.tasks, task)
	r.settle()
	if !strings.Contains(task.String(), "wait_for=<Client pool") {
		r.t.Fatalf("%v does not wait for the pool", task)
	}
	return task
}

// said checks what has been logged since the last call.
func (r *rig) said(want ...string) {
	r.t.Helper()
	r.settle()
	if got := strings.Join(r.log, ", "); got != strings.Join(want, ", ") {
		r.t.Errorf("\ngot  %s\nwant %s", got, strings.Join(want, ", "))
	}
	r.log = nil
}

// ended checks how a task has ended.
func (r *rig) ended(task *loop.Task[*place], want error) {
	r.t.Helper()
	if _, err := task.Result(); !errors.Is(err, want) {
		r.t.Errorf("%v ended with %v, want %v", task, err, want)
	}
}

func (r *rig) stats(open, idle, waiting int) {
	r.t.Helper()
	if s := r.Stats(); s != (pool.Stats{Open: open, Idle: idle, Waiting: waiting}) {
		r.t.Errorf("got %+v, want %d %d %d", s, open, idle, waiting)
	}
}
