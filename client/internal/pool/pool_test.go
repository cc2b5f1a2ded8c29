package pool_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"coloop/client/internal/pool"
	"coloop/coroutine"
	"coloop/loop"
)

// TestTake has places and connections that are to be had without waiting.
func TestTake(t *testing.T) {
	for name, tt := range map[string]struct {
		inAll, host int
		do          func(r *rig)
	}{
		"new": {0, 0, func(r *rig) {
			pl := r.take("a")
			if pl.Open() || pl.Used() || pl.Conn() != nil || pl.Host() != r.host("a") {
				r.t.Errorf("%+v", pl)
			}
			r.stats(1, 0, 0)
			pl.Drop()
			r.stats(0, 0, 0)
		}},
		"used": {0, 0, func(r *rig) {
			pl := r.open("a1")
			c := pl.Conn()
			if !pl.Open() || pl.Used() {
				r.t.Errorf("%+v", pl)
			}
			pl.Release()
			r.stats(1, 1, 0)
			pl = r.take("a")
			if !pl.Open() || !pl.Used() || pl.Conn() != c {
				r.t.Errorf("%+v", pl)
			}
			r.stats(1, 0, 0)
			r.said()
		}},
		"last used first": {0, 0, func(r *rig) {
			r.idle("a1", "a2", "b1", "a3")
			for _, want := range []string{"a3", "a2", "a1"} {
				if got := r.take("a").Conn().name; got != want {
					r.t.Errorf("got %s, want %s", got, want)
				}
			}
		}},
		"stale": {0, 1, func(r *rig) {
			r.idle("a1")[0].Conn().stale = true
			r.open("a2")
			r.said("close a1")
		}},
		"stale but one": {0, 0, func(r *rig) {
			all := r.idle("a1", "a2", "a3")
			all[1].Conn().stale, all[2].Conn().stale = true, true
			if got := r.take("a").Conn().name; got != "a1" {
				r.t.Errorf("got %s", got)
			}
			r.said("close a3", "close a2")
			r.stats(1, 0, 0)
		}},
		"room is made": {3, 0, func(r *rig) {
			r.idle("b1", "a1", "a2")
			r.open("c1")
			r.said("close b1")
			r.open("d1")
			r.said("close a1")
			r.stats(3, 1, 0)
		}},
		"negative limits": {-1, -1, func(r *rig) {
			r.open("a1")
			r.open("a2")
			r.stats(2, 0, 0)
		}},
		"closed": {0, 0, func(r *rig) {
			if err := r.Close(); err != nil {
				r.t.Error(err)
			}
			if pl, err := r.Take(r.y, r.host("a"), loop.NoTimeout); pl != nil || err != pool.ErrClosed {
				r.t.Error(pl, err)
			}
		}},
		"no task to park": {1, 0, func(r *rig) {
			r.open("a1")
			var over *loop.Yielder
			loop.Spawn(r.y, func(y *loop.Yielder) error { over = y; return nil })
			r.settle()
			if pl, err := r.Take(over, r.host("b"), loop.NoTimeout); pl != nil || err == nil {
				r.t.Error(pl, err)
			}
			r.stats(1, 0, 0)
		}},
	} {
		t.Run(name, func(t *testing.T) { on(t, &conns{MaxConns: tt.inAll, MaxConnsPerHost: tt.host}, tt.do) })
	}
}

// TestGiveBack does things with a connection a1 while nobody waits.
func TestGiveBack(t *testing.T) {
	for name, tt := range map[string]struct {
		do         func(r *rig, pl *place)
		said       string
		open, idle int
	}{
		"release":           {func(_ *rig, pl *place) { pl.Release() }, "", 1, 1},
		"release unfit":     {func(_ *rig, pl *place) { pl.Conn().stale = true; pl.Release() }, "close a1", 0, 0},
		"drop":              {func(_ *rig, pl *place) { pl.Drop() }, "close a1", 0, 0},
		"renew":             {func(_ *rig, pl *place) { pl.Renew() }, "close a1", 1, 0},
		"renew twice":       {func(_ *rig, pl *place) { pl.Renew(); pl.Renew() }, "close a1", 1, 0},
		"renew and drop":    {func(_ *rig, pl *place) { pl.Renew(); pl.Drop() }, "close a1", 0, 0},
		"renew and release": {func(_ *rig, pl *place) { pl.Renew(); pl.Release() }, "close a1", 0, 0},
		"renew and fill":    {func(r *rig, pl *place) { pl.Renew(); r.fill(pl, "a2", nil); pl.Release() }, "close a1", 1, 1},
		"renew used": {func(r *rig, pl *place) { pl.Release(); pl = r.take("a"); pl.Renew(); r.fill(pl, "a2", nil) },
			"close a1", 1, 0},
		"drop used":      {func(r *rig, pl *place) { pl.Release(); r.take("a").Drop() }, "close a1", 0, 0},
		"close":          {func(r *rig, _ *place) { r.Close() }, "close a1", 1, 0},
		"close, release": {func(r *rig, pl *place) { r.Close(); pl.Release() }, "close a1", 0, 0},
		"close, drop":    {func(r *rig, pl *place) { r.Close(); pl.Drop() }, "close a1", 0, 0},
		"close, renew":   {func(r *rig, pl *place) { r.Close(); pl.Renew() }, "close a1", 1, 0},
		"close, fill": {func(r *rig, pl *place) { pl.Renew(); r.Close(); r.fill(pl, "a2", pool.ErrClosed) },
			"close a1, close a2", 1, 0},
		"close, starve": {func(r *rig, pl *place) {
			r.Close()
			if err := pl.Starved(r.y, loop.NoTimeout); err != pool.ErrClosed {
				r.t.Error(err)
			}
		}, "close a1", 1, 0},
		"release, close": {func(r *rig, pl *place) { pl.Release(); r.Close() }, "retire a1", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, &conns{}, func(r *rig) {
				tt.do(r, r.open("a1"))
				r.said(tt.said)
				r.stats(tt.open, tt.idle, 0)
			})
		})
	}
}

// TestMisuse: what is done with a place that was given back, or is not empty, panics.
func TestMisuse(t *testing.T) {
	back := func(do func(pl *place)) func(r *rig, pl *place) {
		return func(r *rig, pl *place) { pl.Drop(); do(pl) }
	}
	for name, tt := range map[string]struct {
		do   func(r *rig, pl *place)
		want string
	}{
		"release twice": {func(_ *rig, pl *place) { pl.Release(); pl.Release() }, "Release of a place that was given back"},
		"drop idle":     {func(_ *rig, pl *place) { pl.Release(); pl.Drop() }, "Drop of a place that was given back"},
		"drop twice":    {back((*place).Drop), "Drop of a place that was given back"},
		"release":       {back((*place).Release), "Release of a place that was given back"},
		"renew":         {back((*place).Renew), "Renew of a place that was given back"},
		"fill":          {back(func(pl *place) { _ = pl.Fill(&conn{}) }), "Fill of a place that was given back"},
		"starve":        {back(func(pl *place) { _ = pl.Starved(nil, 0) }), "Starved of a place that was given back"},
		"fill open":     {func(_ *rig, pl *place) { _ = pl.Fill(&conn{}) }, "Fill of a place with a connection"},
		"starve open":   {func(r *rig, pl *place) { _ = pl.Starved(r.y, 0) }, "Starved of a place with a connection"},
		"second loop": {func(r *rig, _ *place) {
			l, _ := loop.NewVirtual()
			defer l.Close()
			r.Host(l, "a")
		}, "used on two loops"},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, &conns{}, func(r *rig) {
				defer func() {
					if got, _ := recover().(string); got != "pool: "+tt.want {
						t.Errorf("panic: %q", got)
					}
				}()
				tt.do(r, r.open("a1"))
			})
		})
	}
}

// TestHost: the pool knows a host for as long as it has places or waiters.
func TestHost(t *testing.T) {
	on(t, &conns{MaxConnsPerHost: 1}, func(r *rig) {
		long := "https://a/" + strings.Repeat("x", 100)
		early, late := r.host(long), r.host(long)
		if early == late || r.Hosts() != 0 {
			t.Error("a host is kept without a place")
		}
		early.Value = "kept"
		pl, err := r.Take(r.y, early, loop.NoTimeout)
		if err != nil || pl.Host() != early || r.host(long) != early || early.Key() != long || early.Value != "kept" {
			t.Errorf("%v, %v", pl, err)
		}

		// The task that was given another host by the same key shares its limit, and
		// its connection.
		task := r.waits("a", func(y *loop.Yielder) (*place, error) { return r.Take(y, late, loop.NoTimeout) })
		r.fill(pl, "a1", nil)
		pl.Release()
		r.said("a has a1")
		if pl, err := task.Result(); err != nil || pl.Host() != early {
			t.Errorf("%v, %v", pl, err)
		} else {
			pl.Release()
		}
		if pl, err := r.Take(r.y, late, loop.NoTimeout); err != nil || !pl.Open() {
			t.Errorf("%v, %v", pl, err)
		} else {
			pl.Drop()
		}
		if r.Hosts() != 0 || r.host(long) == early {
			t.Error("the host is known still")
		}
	})
}

// TestDescription: a task says what it waits for.
func TestDescription(t *testing.T) {
	on(t, &conns{MaxConns: 1}, func(r *rig) {
		pl := r.open("a1")
		task := r.waiter("b", loop.NoTimeout)
		if s := task.String(); !strings.Contains(s, "wait_for=<Client pool of b>") {
			t.Error(s)
		}
		pl.Release()
	})
	on(t, &conns{}, func(r *rig) {
		r.open("a1")
		task := r.starve("b", loop.NoTimeout)
		if s := task.String(); !strings.Contains(s, "wait_for=<Client pool (no descriptor left)>") {
			t.Error(s)
		}
	})
}

// TestExpiry: one timer closes the connections whose time is up, however often they were used.
func TestExpiry(t *testing.T) {
	timers := func(r *rig) int { _, n, cancelled := r.l.Stats(); return n - cancelled }
	for name, tt := range map[string]struct {
		timeout, want time.Duration
	}{
		"default":  {0, 15 * time.Second},
		"negative": {-1, 15 * time.Second},
		"set":      {time.Hour, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, &conns{IdleTimeout: tt.timeout}, func(r *rig) {
				before := timers(r)
				r.idle("a1", "b1", "a2")
				r.sleep(tt.want / 2)
				for range 3 {
					r.take("a").Release() // a2
					if n := timers(r); n != before+1 {
						t.Errorf("%d timers", n)
					}
				}
				r.sleep(tt.want/2 - 1)
				r.said()
				r.sleep(1)
				r.said("retire a1", "retire b1")
				r.sleep(tt.want/2 - 1)
				r.said()
				r.sleep(1)
				r.said("retire a2")
				r.stats(0, 0, 0)
				if n := timers(r); n != before {
					t.Errorf("%d timers", n)
				}
			})
		})
	}
	t.Run("never", func(t *testing.T) {
		on(t, &conns{IdleTimeout: math.MaxInt64}, func(r *rig) {
			r.sleep(1)
			before := timers(r)
			r.idle("a1")
			r.sleep(math.MaxInt64 / 2)
			if n := timers(r); n != before {
				t.Errorf("%d timers", n)
			}
			r.said()
		})
	})
	t.Run("taken meanwhile", func(t *testing.T) {
		on(t, &conns{}, func(r *rig) {
			r.idle("a1")
			pl := r.take("a")
			r.sleep(15 * time.Second)
			pl.Release()
			r.sleep(15*time.Second - 1)
			r.said()
			r.sleep(1)
			r.said("retire a1")
		})
	})
	t.Run("close", func(t *testing.T) {
		on(t, &conns{}, func(r *rig) {
			before := timers(r)
			r.idle("a1")
			r.Close()
			if n := timers(r); n != before {
				t.Errorf("%d timers", n)
			}
		})
	})
}

// TestClose closes a pool with connections in use, idle ones and tasks that wait.
func TestClose(t *testing.T) {
	on(t, &conns{MaxConns: 5, MaxConnsPerHost: 1}, func(r *rig) {
		idle := r.idle("c1", "d1")
		for _, pl := range idle {
			pl.Conn().retire = errors.New(pl.Conn().name)
		}
		r.open("a1")
		r.open("b1")
		waiting := []*loop.Task[*place]{r.waiter("a2", loop.NoTimeout), r.waiter("b2", loop.NoTimeout), r.waiter("a3", loop.NoTimeout)}
		empty := r.take("e")
		if err := r.Close(); err == nil || err.Error() != "c1\nd1" {
			t.Error(err)
		}
		r.said("retire c1", "retire d1", "close b1", "close a1",
			"a2: pool is closed", "b2: pool is closed", "a3: pool is closed")
		for _, task := range waiting {
			r.ended(task, pool.ErrClosed)
		}
		r.stats(3, 0, 0)
		r.fill(empty, "e1", pool.ErrClosed)
		r.said("close e1")
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		r.said()
	})
}

// TestCloseIdle closes what nobody uses, and nothing else.
func TestCloseIdle(t *testing.T) {
	on(t, &conns{MaxConns: 3}, func(r *rig) {
		r.idle("a1", "b1")
		busy := r.open("c1")
		if err := r.CloseIdle(); err != nil {
			t.Error(err)
		}
		r.said("retire a1", "retire b1")
		r.stats(1, 0, 0)
		busy.Release()
		r.stats(1, 1, 0)
		if err := r.CloseIdle(); err != nil {
			t.Error(err)
		}
		r.said("retire c1")
		if err := r.CloseIdle(); err != nil {
			t.Error(err)
		}
		r.said()
	})
}

// TestB2PanicInClose: a connection that panics when it is closed does not keep its place.
func TestB2PanicInClose(t *testing.T) {
	for name, end := range map[string]func(r *rig, pl *place){
		"drop":    func(_ *rig, pl *place) { pl.Drop() },
		"release": func(_ *rig, pl *place) { pl.Conn().stale = true; pl.Release() },
		"take":    func(r *rig, pl *place) { pl.Release(); pl.Conn().stale = true; r.take("a") },
		"room":    func(r *rig, pl *place) { pl.Release(); r.take("b") },
		"close":   func(r *rig, pl *place) { pl.Release(); r.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			on(t, &conns{MaxConns: 1}, func(r *rig) {
				pl := r.open("a1")
				pl.Conn().rogue = true
				func() {
					defer func() {
						if recover() != errTest {
							t.Error("it does not panic")
						}
					}()
					end(r, pl)
				}()
				r.stats(0, 0, 0)
			})
		})
	}
}

// TestCloseUnused closes a pool that has had nothing to do.
func TestCloseUnused(t *testing.T) {
	var p conns
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestCloseBeforeTurn closes a pool before the tasks that it has woken run.
func TestCloseBeforeTurn(t *testing.T) {
	on(t, &conns{MaxConns: 2}, func(r *rig) {
		one, two := r.open("a1"), r.open("a2")
		open, empty := r.waiter("a", loop.NoTimeout), r.waiter("b", loop.NoTimeout)
		cancelled := r.waiter("c", loop.NoTimeout)
		one.Release()
		two.Drop()
		cancelled.Cancel()
		r.Close()
		r.said("close a2", "close a1", "a: pool is closed", "b: pool is closed", "c: cancelled")
		r.ended(open, pool.ErrClosed)
		r.ended(empty, pool.ErrClosed)
		r.ended(cancelled, loop.ErrCancelled)
		r.stats(0, 0, 0)
	})
}

// TestClosedLoop gives a place back in a task that ends because its loop is closed.
func TestClosedLoop(t *testing.T) {
	for name, tt := range map[string]struct {
		back   func(*place)
		waiter bool
	}{
		"release":            {(*place).Release, false},
		"release for waiter": {(*place).Release, true},
		"drop":               {(*place).Drop, false},
		"drop for waiter":    {(*place).Drop, true},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := loop.NewVirtual()
			p, c := &conns{MaxConns: 1}, &conn{}
			holder := loop.Spawn(l, func(y *loop.Yielder) error {
				pl, err := p.Take(y, p.Host(l, "a"), loop.NoTimeout)
				if err != nil {
					return err
				}
				defer tt.back(pl)
				return errors.Join(pl.Fill(c), loop.Sleep(y, time.Hour))
			})
			tasks := []loop.AnyTask{holder}
			if tt.waiter {
				tasks = append(tasks, loop.Spawn(l, func(y *loop.Yielder) error {
					_, err := p.Take(y, p.Host(l, "b"), loop.NoTimeout)
					return err
				}))
			}
			l.CallSoon(func() { l.CallSoon(l.Stop) })
			if err := l.RunForever(); err != nil {
				t.Fatal(err)
			}
			if s := p.Stats(); s != (pool.Stats{Open: 1, Waiting: len(tasks) - 1}) {
				t.Fatalf("%+v", s)
			}
			if err := errors.Join(l.Close(), p.Check()); err != nil {
				t.Error(err)
			}
			for _, task := range tasks {
				exc, _ := task.Exception()
				if p := new(coroutine.PanicError); !task.Done() || errors.As(exc, &p) {
					t.Errorf("%v: %v", task, exc)
				}
			}
			if s := p.Stats(); s != (pool.Stats{}) || p.Hosts() != 0 || c.ends != 1 {
				t.Errorf("%+v, %d hosts, the connection was closed %d times", s, p.Hosts(), c.ends)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
