//go:build !race

package loop_test

import (
	"testing"
	"time"

	"coloop/loop"
)

// TestAllocations: a turn, a park and a wake-up need no memory. (The race
// detector does.)
func TestAllocations(t *testing.T) {
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		var there, back loop.Event
		echo := spawn(l, func(y *loop.Yielder) error {
			for {
				if err := there.Wait(y); err != nil {
					return err
				}
				there.Clear()
				back.Set()
			}
		})
		ping, pong := new(loop.Queue[int]), new(loop.Queue[int])
		player := spawn(l, func(y *loop.Yielder) error {
			for {
				v, err := ping.Get(y)
				if err != nil {
					return err
				}
				pong.PutNowait(v)
			}
		})
		var lock loop.Lock
		rival := spawn(l, func(y *loop.Yielder) error {
			for {
				if err := lock.With(y, func() error { return loop.Sleep(y, time.Second) }); err != nil {
					return err
				}
			}
		})
		for name, op := range map[string]func(){
			"sleep(0)": func() { loop.Sleep(y, 0) },
			"sleep":    func() { loop.Sleep(y, time.Second) },
			"event": func() {
				there.Set()
				back.Wait(y)
				back.Clear()
			},
			"queue": func() {
				ping.PutNowait(1)
				pong.Get(y)
			},
			"lock": func() {
				lock.Acquire(y)
				lock.Release()
			},
		} {
			expect(t, name, testing.AllocsPerRun(1000, op), 0)
		}
		for _, task := range []*loop.Task[any]{echo, player, rival} {
			task.Cancel()
		}
		turns(y, 3)
	})
}
