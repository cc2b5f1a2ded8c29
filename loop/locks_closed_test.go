package loop_test

import (
	"testing"

	"coloop/coroutine"
	"coloop/loop"
)

type yielding = func(y *loop.Yielder) error

// TestD11GrantedAndClosed: a task that was given its turn, and whose coroutine is
// closed or raises an error before it runs again, leaves the turn to the next.
func TestD11GrantedAndClosed(t *testing.T) {
	for name, primitive := range map[string]func(y *loop.Yielder) (acquire, release yielding){
		"lock": func(y *loop.Yielder) (acquire, release yielding) {
			return acquired(y, new(loop.Lock))
		},
		"semaphore": func(y *loop.Yielder) (acquire, release yielding) {
			return acquired(y, loop.NewSemaphore(1))
		},
		"condition": func(y *loop.Yielder) (acquire, release yielding) {
			var c loop.Condition
			wait := func(y *loop.Yielder) error { return c.With(y, func() error { return c.Wait(y) }) }
			notify := func(y *loop.Yielder) error { return c.With(y, func() error { c.Notify(1); return nil }) }
			return wait, notify
		},
		"queue": func(y *loop.Yielder) (acquire, release yielding) {
			var q loop.Queue[int]
			get := func(y *loop.Yielder) error { _, err := q.Get(y); return err }
			return get, func(*loop.Yielder) error { return q.PutNowait(1) }
		},
	} {
		for how, end := range map[string]func(g *coroutine.Generator[any, any, any]){
			"closed": func(g *coroutine.Generator[any, any, any]) { g.Close() },
			"raised": func(g *coroutine.Generator[any, any, any]) { g.Throw(errTest) },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				play(t, func(y *loop.Yielder, l *loop.Loop) {
					acquire, release := primitive(y)
					g := loop.NewCoroutine(l, func(y *loop.Yielder) (any, error) { return nil, acquire(y) })
					task := loop.CreateTask(l, g)
					next := spawn(l, acquire)
					turns(y, 2)
					expectErr(t, "release", release(y), nil)
					end(g)
					turns(y, 3)
					expect(t, "the next has its turn", next.Done(), true)
					_, err := task.Result()
					expectErr(t, "the task", err, coroutine.ErrReused)
				})
			})
		}
	}
}

// acquired returns the methods of l, which it has acquired.
func acquired(y *loop.Yielder, l interface {
	Acquire(*loop.Yielder) error
	Release()
}) (acquire, release yielding) {
	_ = l.Acquire(y) // it is free
	return l.Acquire, func(*loop.Yielder) error { l.Release(); return nil }
}
