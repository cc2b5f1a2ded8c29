package pool_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"
	"coloop/loop/looptest"
)

// TestStarvedAtOnce has the system without descriptors while no connection is in use.
func TestStarvedAtOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(r *rig) (idle []*place)
		want error
		said string
		has  string
	}{
		"alone":              {func(r *rig) []*place { return nil }, pool.ErrNoOther, "", ""},
		"oldest of any host": {func(r *rig) []*place { return r.idle("c1", "b1", "c2") }, nil, "close c1", ""},
		"same host":          {func(r *rig) []*place { return r.idle("b1", "a1", "a2", "c2") }, nil, "", "a2"},
		"same host, unfit": {func(r *rig) []*place {
			all := r.idle("b1", "a1")
			all[1].Conn().stale = true
			return all
		}, nil, "close a1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, &conns{}, func(r *rig) {
				pl := r.take("a")
				idle := tt.do(r)
				turn := r.l.Turn()
				if err := pl.Starved(r.y, loop.NoTimeout); err != tt.want || r.l.Turn() != turn {
					t.Errorf("%v, after %d turns", err, r.l.Turn()-turn)
				}
				r.said(some(tt.said)...)
				if pl.Open() != (tt.has != "") || pl.Open() && (pl.Conn().name != tt.has || !pl.Used()) {
					t.Errorf("%+v", pl)
				}
				n := max(0, len(idle)-1)
				r.stats(n+1, n, 0)
			})
		})
	}
}

// TestStarved has tasks wait for a descriptor, and others for a place.
func TestStarved(t *testing.T) {
	for name, tt := range map[string]struct {
		inAll, host int
		do          func(r *rig)
		said        string
	}{
		"connection to the same host": {0, 0, func(r *rig) {
			pl := r.open("a1")
			task := r.starve("a", loop.NoTimeout)
			r.starve("b", loop.NoTimeout)
			pl.Release()
			r.stats(2, 0, 1)
			r.settle()
			if pl, err := task.Result(); err != nil || !pl.Used() {
				r.t.Errorf("%+v, %v", pl, err)
			}
		}, "a has a1"},
		"connection to another host": {0, 0, func(r *rig) {
			pl := r.open("b1")
			r.starve("a", loop.NoTimeout)
			r.starve("b", loop.NoTimeout)
			pl.Release()
		}, "close b1, a has a place"},
		"dropped connection": {0, 0, func(r *rig) {
			pl := r.open("a1")
			r.starve("a", loop.NoTimeout)
			pl.Drop()
		}, "close a1, a has a place"},
		"unfit connection": {0, 0, func(r *rig) {
			pl := r.open("a1")
			r.starve("a", loop.NoTimeout)
			pl.Conn().stale = true
			pl.Release()
		}, "close a1, a has a place"},
		"unfit before its turn": {0, 0, func(r *rig) {
			pl := r.open("a1")
			r.starve("a", loop.NoTimeout)
			pl.Release()
			pl.Conn().stale = true
		}, "close a1, a has a place"},
		"connection that failed": {0, 0, func(r *rig) {
			pl := r.take("b")
			r.starve("a", loop.NoTimeout)
			pl.Drop()
		}, "a has a place"},
		"all are starved": {0, 0, func(r *rig) {
			pl := r.take("b")
			r.starve("a", loop.NoTimeout)
			if err := pl.Starved(r.y, loop.NoTimeout); err != pool.ErrNoOther {
				r.t.Error(err)
			}
			r.said()
			pl.Drop()
		}, "a has a place"},
		"first come": {0, 0, func(r *rig) {
			one, two := r.open("a1"), r.open("a2")
			r.starve("b", loop.NoTimeout)
			r.starve("a", loop.NoTimeout)
			two.Release()
			one.Release()
		}, "close a2, b has a place, a has a1"},
		"after a task that waits": {2, 0, func(r *rig) {
			pl, empty := r.open("a1"), r.take("b")
			r.waiter("a", loop.NoTimeout)
			r.waits("b", func(y *loop.Yielder) (*place, error) { return empty, empty.Starved(y, loop.NoTimeout) })
			pl.Release()
			r.said("a has a1")
			pl.Release()
		}, "close a1, b has a place"},
		"before a task that waits": {2, 0, func(r *rig) {
			pl := r.open("a1")
			r.starve("b", loop.NoTimeout)
			r.waiter("a", loop.NoTimeout)
			pl.Release()
		}, "close a1, b has a place, a has a place"},
		"connection to the same host, place to another": {2, 0, func(r *rig) {
			pl := r.open("a1")
			r.starve("a", loop.NoTimeout)
			r.waiter("c", loop.NoTimeout)
			pl.Release()
		}, "a has a1, c has a place"},
		"pool closed": {0, 0, func(r *rig) {
			r.open("c1")
			r.starve("a", loop.NoTimeout)
			r.starve("b", loop.NoTimeout)
			r.Close()
			r.stats(3, 0, 0)
		}, "close c1, a: pool is closed, b: pool is closed"},
		"pool closed, one cancelled": {0, 0, func(r *rig) {
			r.open("c1")
			r.starve("a", loop.NoTimeout).Cancel()
			r.Close()
		}, "close c1, a: cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, &conns{MaxConns: tt.inAll, MaxConnsPerHost: tt.host}, func(r *rig) {
				tt.do(r)
				r.said(tt.said)
			})
		})
	}
}

// TestStarvedEarlyEnd is TestEarlyEnd for a starved task. Such a task drops its place.
func TestStarvedEarlyEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		back         func(pl *place)
		closed, next string
	}{
		"connection": {func(pl *place) { pl.Release() }, "", "a2 has a1"},
		"place":      {func(pl *place) { pl.Drop() }, "close a1", "a2 has a place"},
	} {
		for _, atTurn := range []bool{false, true} {
			next := tt.next
			if atTurn { // a connection that was given to the task is closed
				tt.closed, next = "close a1", "a2 has a place"
			}
			t.Run(fmt.Sprintf("%s/cancelled, atTurn=%t", name, atTurn), func(t *testing.T) {
				on(t, &conns{}, func(r *rig) {
					pl := r.open("a1")
					task := r.starve("a", loop.NoTimeout)
					r.starve("a2", loop.NoTimeout)
					if atTurn {
						tt.back(pl)
						task.Cancel()
						r.said(tt.closed, "a: cancelled", next)
					} else {
						task.Cancel()
						r.said("a: cancelled", "a2 has a place")
					}
					r.ended(task, loop.ErrCancelled)
				})
			})
			t.Run(fmt.Sprintf("%s/time is up, atTurn=%t", name, atTurn), func(t *testing.T) {
				on(t, &conns{}, func(r *rig) {
					pl := r.open("a1")
					if atTurn {
						r.l.CallAt(time.Second-1, func() { tt.back(pl) })
					}
					task := r.starve("a", time.Second)
					r.starve("a2", loop.NoTimeout)
					looptest.Advance(r.y, time.Second)
					if atTurn {
						r.said(tt.closed, "a: i/o timeout", next)
					} else {
						r.said("a: i/o timeout", "a2 has a place")
					}
					r.ended(task, os.ErrDeadlineExceeded)
				})
			})
		}
	}
}
