package loop_test

import (
	"fmt"
	"testing"
	"time"

	"coloop/loop"
)

func TestQueueOrder(t *testing.T) {
	for _, tc := range []struct {
		name string
		q    *loop.Queue[int]
		want []int
	}{
		{"zero", new(loop.Queue[int]), []int{3, 1, 2, 5, 4}},
		{"fifo", loop.NewQueue[int](9), []int{3, 1, 2, 5, 4}},
		{"lifo", loop.NewLifoQueue[int](0), []int{4, 5, 2, 1, 3}},
		{"priority", loop.NewPriorityQueue(0, func(a, b int) bool { return a < b }), []int{1, 2, 3, 4, 5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.q.GetNowait()
			expectErr(t, "empty", err, loop.ErrQueueEmpty)
			for _, v := range []int{3, 1, 2, 5, 4} {
				expectErr(t, "put", tc.q.PutNowait(v), nil)
			}
			expect(t, "Len", tc.q.Len(), 5)
			var got []int
			for !tc.q.Empty() {
				v, err := tc.q.GetNowait()
				expectErr(t, "get", err, nil)
				got = append(got, v)
			}
			expect(t, "items", got, tc.want)
		})
	}
}

func TestQueueBlocks(t *testing.T) {
	var e events
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		q := loop.NewQueue[int](2)
		producer := spawn(l, func(y *loop.Yielder) error {
			for i := range 5 {
				if err := q.Put(y, i); err != nil {
					return err
				}
				e.add("put %d", i)
			}
			return nil
		})
		turns(y, 2)
		expect(t, "Full", q.Full(), true)
		expectErr(t, "PutNowait", q.PutNowait(9), loop.ErrQueueFull)
		_, putters := q.Waiting()
		expect(t, "putters", putters, 1)
		for range 5 {
			v, err := q.Get(y)
			e.add("get %d %v", v, err)
		}
		producer.Await(y)
		expect(t, "Unfinished", q.Unfinished(), 5)
	})
	expect(t, "events", e, events{"put 0", "put 1", "get 0 <nil>", "get 1 <nil>", "put 2", "put 3",
		"get 2 <nil>", "get 3 <nil>", "put 4", "get 4 <nil>"})
}

func TestQueueJoin(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var q loop.Queue[int]
		expectErr(t, "Join of nothing", q.Join(y), nil)
		expectErr(t, "TaskDone", panicOf(q.TaskDone), loop.ErrTaskDone)
		for i := range 6 {
			q.PutNowait(i)
		}
		for range 2 {
			spawn(l, func(y *loop.Yielder) error {
				for {
					if _, err := q.Get(y); err != nil {
						return err
					}
					loop.Sleep(y, time.Second)
					q.TaskDone()
				}
			})
		}
		expectErr(t, "Join", q.Join(y), nil)
		expect(t, "time", l.Time(), 3*time.Second)
		cancelOthers(y)
	})
}

// TestQueueCancelled: an item whose getter is cancelled when it has been woken
// goes to the next, and so does room for a putter.
func TestQueueCancelled(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		q := loop.NewQueue[int](1)
		get := func(y *loop.Yielder) (int, error) { return q.Get(y) }
		first, second := loop.Go(l, get), loop.Go(l, get)
		turns(y, 1)
		q.PutNowait(1)
		first.Cancel()
		v, err := second.Await(y)
		expect(t, "item", v, 1)
		expectErr(t, "second getter", err, nil)

		q.PutNowait(2)
		put := func(v int) *loop.Task[any] {
			return spawn(l, func(y *loop.Yielder) error { return q.Put(y, v) })
		}
		third, fourth := put(3), put(4)
		turns(y, 1)
		q.GetNowait()
		third.Cancel()
		_, err = fourth.Await(y)
		expectErr(t, "second putter", err, nil)
		v, _ = q.GetNowait()
		expect(t, "item", v, 4)
		getters, putters := q.Waiting()
		expect(t, "waiting", getters+putters, 0)
	})
}

// TestQueueShutdown is what Python 3.13 documents, and its tests check.
func TestQueueShutdown(t *testing.T) {
	for _, immediate := range []bool{false, true} {
		t.Run(fmt.Sprintf("immediate=%v", immediate), func(t *testing.T) {
			play(t, func(y *loop.Yielder, l *loop.Loop) {
				full, empty := loop.NewQueue[int](1), loop.NewQueue[int](1)
				full.PutNowait(1)
				putter := spawn(l, func(y *loop.Yielder) error { return full.Put(y, 2) })
				getter := spawn(l, func(y *loop.Yielder) error { _, err := empty.Get(y); return err })
				joiner := spawn(l, full.Join)
				turns(y, 1)
				for range 2 {
					full.Shutdown(immediate)
					empty.Shutdown(immediate)
				}
				for _, task := range []*loop.Task[any]{putter, getter} {
					_, err := task.Await(y)
					expectErr(t, "who waited", err, loop.ErrQueueShutDown)
				}
				expectErr(t, "Put", full.Put(y, 3), loop.ErrQueueShutDown)
				expectErr(t, "PutNowait", full.PutNowait(3), loop.ErrQueueShutDown)
				_, err := empty.Get(y)
				expectErr(t, "Get of nothing", err, loop.ErrQueueShutDown)
				v, err := full.GetNowait()
				expect(t, "joiner", joiner.Done(), immediate)
				if immediate {
					expectErr(t, "Get", err, loop.ErrQueueShutDown)
					expect(t, "Unfinished", full.Unfinished(), 0)
				} else {
					expect(t, "item left", v, 1)
					expectErr(t, "TaskDone", panicOf(full.TaskDone), nil)
				}
				_, err = full.GetNowait()
				expectErr(t, "Get in the end", err, loop.ErrQueueShutDown)
				_, err = joiner.Await(y)
				expectErr(t, "Join", err, nil)
				turns(y, 1)
			})
		})
	}
}

func ExampleQueue() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	var q loop.Queue[string]
	loop.Go(l, func(y *loop.Yielder) (any, error) {
		for _, word := range []string{"so", "it", "goes"} {
			loop.Sleep(y, time.Second)
			q.Put(y, word)
		}
		q.Shutdown(false)
		return nil, nil
	})
	loop.RunUntilComplete(l, loop.Func[any](func(y *loop.Yielder) (any, error) {
		for {
			word, err := q.Get(y)
			if err != nil {
				fmt.Println(err)
				return nil, nil
			}
			fmt.Println(word)
		}
	}))
	// Output:
	// so
	// it
	// goes
	// queue is shut down
}
