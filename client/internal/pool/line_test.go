package pool_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// TestTurns has tasks wait for places. Each name begins with the host.
func TestTurns(t *testing.T) {
	for name, tt := range map[string]struct {
		inAll, host int
		open        []string // connections that are in use
		wait        []string // tasks that wait then
		do          func(all map[string]*place)
		said        string
	}{
		"connection": {1, 0, []string{"a1"}, []string{"a", "a'"},
			func(all map[string]*place) { all["a1"].Release() }, "a has a1"},
		"place": {1, 0, []string{"a1"}, []string{"a", "a'"},
			func(all map[string]*place) { all["a1"].Drop() }, "close a1, a has a place"},
		"unfit connection": {1, 0, []string{"a1"}, []string{"a", "a'"},
			func(all map[string]*place) { all["a1"].Conn().stale = true; all["a1"].Release() }, "close a1, a has a place"},
		"unfit before its turn": {1, 0, []string{"a1"}, []string{"a", "a'"},
			func(all map[string]*place) { all["a1"].Release(); all["a1"].Conn().stale = true }, "close a1, a has a place"},
		"place of another host": {1, 0, []string{"a1"}, []string{"b", "a", "b'"},
			func(all map[string]*place) { all["a1"].Release() }, "close a1, b has a place"},
		"same host first": {1, 0, []string{"a1"}, []string{"a", "b"},
			func(all map[string]*place) { all["a1"].Release() }, "a has a1"},
		"other host is full": {3, 2, []string{"b1", "b2", "a1"}, []string{"b", "c", "a"},
			func(all map[string]*place) { all["a1"].Release() }, "close a1, c has a place"},
		"all hosts are full": {3, 2, []string{"b1", "b2", "a1"}, []string{"b"},
			func(all map[string]*place) { all["a1"].Release() }, ""},
		"full host gets its own": {3, 2, []string{"b1", "b2", "a1"}, []string{"b", "c"},
			func(all map[string]*place) { all["b1"].Release() }, "b has b1"},
		"full host, dropped": {3, 2, []string{"b1", "b2", "a1"}, []string{"c", "b"},
			func(all map[string]*place) { all["b1"].Drop() }, "close b1, c has a place"},
		"full host has room then": {3, 2, []string{"b1", "b2", "a1"}, []string{"c", "b"},
			func(all map[string]*place) { all["b1"].Drop(); all["a1"].Drop() }, "close b1, close a1, c has a place, b has a place"},
		"limit of the host only": {0, 1, []string{"a1", "b1"}, []string{"a", "b", "a'"},
			func(all map[string]*place) { all["b1"].Release(); all["a1"].Release() }, "b has b1, a has a1"},
		"all": {2, 0, []string{"a1", "b1"}, []string{"c", "a", "b", "a'"},
			func(all map[string]*place) { all["b1"].Release(); all["a1"].Release() }, "close b1, c has a place, a has a1"},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, &conns{MaxConns: tt.inAll, MaxConnsPerHost: tt.host}, func(r *rig) {
				all := map[string]*place{}
				for _, name := range tt.open {
					all[name] = r.open(name)
				}
				for _, name := range tt.wait {
					r.waiter(name, loop.NoTimeout)
				}
				r.stats(len(tt.open), 0, len(tt.wait))
				tt.do(all)
				r.said(tt.said)
			})
		})
	}
}

// TestManyHosts: of many hosts that are waited for, the order is that of the tasks.
func TestManyHosts(t *testing.T) {
	const hosts, each = 20, 3
	on(t, &conns{MaxConns: 1}, func(r *rig) {
		pl := r.open("z1")
		var want []string
		for i := range hosts * each {
			name := fmt.Sprintf("%c%d", 'a'+i*7%hosts, i)
			r.waiter(name, loop.NoTimeout)
			want = append(want, name+" has a place")
		}
		pl.Drop()
		r.drain()
		r.said(append([]string{"close z1"}, want...)...)
	})
}

// TestEarlyEnd has a wait end early: before the turn of the task comes, or after, but
// before it runs. Then the next has the turn.
func TestEarlyEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		back         func(pl *place)
		closed, next string
	}{
		"connection":      {func(pl *place) { pl.Release() }, "", "a2 has a1"},
		"place":           {func(pl *place) { pl.Drop() }, "close a1", "a2 has a place"},
		"unfit meanwhile": {func(pl *place) { pl.Release(); pl.Conn().stale = true }, "close a1", "a2 has a place"},
	} {
		for _, atTurn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/cancelled, atTurn=%t", name, atTurn), func(t *testing.T) {
				on(t, &conns{MaxConns: 1}, func(r *rig) {
					pl := r.open("a1")
					task := r.waiter("a", loop.NoTimeout)
					r.waiter("a2", loop.NoTimeout)
					if atTurn {
						tt.back(pl)
						task.Cancel("enough")
						r.said(some(tt.closed, "a: cancelled: enough", tt.next)...)
					} else {
						task.Cancel("enough")
						r.said("a: cancelled: enough")
						tt.back(pl)
						r.said(some(tt.closed, tt.next)...)
					}
					if !task.Cancelled() {
						t.Errorf("%v is not cancelled", task)
					}
				})
			})
			t.Run(fmt.Sprintf("%s/time is up, atTurn=%t", name, atTurn), func(t *testing.T) {
				on(t, &conns{MaxConns: 1}, func(r *rig) {
					pl := r.open("a1")
					if atTurn {
						r.l.CallAt(time.Second-1, func() { tt.back(pl) })
					}
					task := r.waiter("a", time.Second)
					r.waiter("a2", loop.NoTimeout)
					looptest.Advance(r.y, time.Second) // both timers are due in the next turn
					if atTurn {
						r.said(some(tt.closed, "a: i/o timeout", tt.next)...)
					} else {
						r.said("a: i/o timeout")
						tt.back(pl)
						r.said(some(tt.closed, tt.next)...)
					}
					if _, err := task.Result(); err != os.ErrDeadlineExceeded {
						t.Error(err)
					}
				})
			})
		}
	}
}

// some returns the strings that are not empty.
func some(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// TestCancelledInLine has a newcomer take the last place of a host for which the only waiter was
// cancelled, but has not run yet.
func TestCancelledInLine(t *testing.T) {
	on(t, &conns{MaxConns: 1, MaxConnsPerHost: 1}, func(r *rig) {
		pl := r.open("a1")
		r.waiter("b", loop.NoTimeout).Cancel()
		pl.Drop()
		r.open("b1")
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		r.said("close a1", "b: cancelled")
	})
}

// TestDeadline: a wait ends at the very time on the loop's clock.
func TestDeadline(t *testing.T) {
	on(t, &conns{MaxConns: 1}, func(r *rig) {
		r.open("a1")
		r.waiter("b", time.Second)
		r.sleep(time.Second - 1)
		r.said()
		r.sleep(1)
		r.said("b: i/o timeout")
		r.stats(1, 0, 0)
	})
}

// TestTimeIsUpAlready: the time may be up before the wait begins.
func TestTimeIsUpAlready(t *testing.T) {
	on(t, &conns{MaxConns: 1}, func(r *rig) {
		r.open("a1")
		r.sleep(time.Second)
		if pl, err := r.Take(r.y, r.host("b"), 0); pl != nil || err != os.ErrDeadlineExceeded {
			t.Error(pl, err)
		}
		r.stats(1, 0, 0)
	})
}
