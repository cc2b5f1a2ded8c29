package loop_test

import (
	"testing"

	"coloop/loop"
)

// panicky is a less that panics at its next call if it is armed.
type panicky struct{ armed bool }

func (p *panicky) less(a, b int) bool {
	if p.armed {
		p.armed = false
		panic(errTest)
	}
	return a < b
}

// TestA2PriorityQueue: a Put or Get whose less panics has not happened, and the
// caller has the panic.
func TestA2PriorityQueue(t *testing.T) {
	var p panicky
	q := loop.NewPriorityQueue(0, p.less)
	for _, v := range []int{3, 1, 2} {
		q.PutNowait(v)
	}
	for name, do := range map[string]func(){
		"put": func() { q.PutNowait(0) },
		"get": func() { q.GetNowait() },
	} {
		p.armed = true
		func() {
			defer func() { expect(t, name+": panic", recover() == any(errTest), true) }()
			do()
		}()
		expect(t, name+": items", q.Len(), 3)
		expect(t, name+": unfinished", q.Unfinished(), 3)
	}
	for want := 1; want <= 3; want++ {
		v, err := q.GetNowait()
		expectErr(t, "get", err, nil)
		expect(t, "item", v, want)
	}
}

// TestA2PriorityQueueWaiters: a task that was woken for an item, or for room, and
// whose less panics leaves it to the next task.
func TestA2PriorityQueueWaiters(t *testing.T) {
	t.Run("get", func(t *testing.T) {
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			var p panicky
			q := loop.NewPriorityQueue(0, p.less)
			var getters []*loop.Task[int]
			for range 4 {
				getters = append(getters, loop.Go(l, q.Get))
			}
			turns(y, 1)
			for v := range 3 {
				q.PutNowait(v)
			}
			p.armed = true
			turns(y, 4)
			_, err := getters[0].Result()
			expectErr(t, "first", err, errTest)
			for i, g := range getters[1:] {
				v, err := g.Result()
				expectErr(t, "another", err, nil)
				expect(t, "item", v, i)
			}
		})
	})
	t.Run("put", func(t *testing.T) {
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			var p panicky
			q := loop.NewPriorityQueue(2, p.less)
			q.PutNowait(1)
			q.PutNowait(2)
			first := spawn(l, func(y *loop.Yielder) error { return q.Put(y, 3) })
			second := spawn(l, func(y *loop.Yielder) error { return q.Put(y, 4) })
			turns(y, 1)
			q.GetNowait()
			p.armed = true
			turns(y, 4)
			_, err := first.Result()
			expectErr(t, "first", err, errTest)
			_, err = second.Result()
			expectErr(t, "second", err, nil)
			expect(t, "items", q.Len(), 2)
			expect(t, "unfinished", q.Unfinished(), 3)
		})
	})
}
