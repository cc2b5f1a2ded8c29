package loop

import (
	"context"
	"testing"
)

// TestAbroadCancelledLate: a cancellation that comes when the work has ended, but the task
// that waits for it has not run, is not lost, and neither is the value.
func TestAbroadCancelledLate(t *testing.T) {
	elsewhere, err := New()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- elsewhere.RunForever() }()
	defer func() {
		if err := elsewhere.CallSoonThreadsafe(elsewhere.Stop); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := elsewhere.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, work := range map[string]func(y *Yielder) (int, error){
		"Block": func(y *Yielder) (int, error) {
			return Block(y, func(context.Context) (int, error) { return 7, nil })
		},
		"RunOn": func(y *Yielder) (int, error) {
			return RunOn(y, elsewhere, func(*Yielder) (int, error) { return 7, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var v int
			var err error
			_, runErr := Run(func(y *Yielder) (any, error) {
				task := Spawn(y, func(y *Yielder) error {
					v, err = work(y)
					return err
				})
				for task.waiter == nil || task.waiter.state == pending {
					if err := Sleep(y, 0); err != nil {
						return nil, err
					}
				}
				task.Cancel("late")
				task.Await(y)
				if !task.Cancelled() {
					t.Error("the task is not cancelled")
				}
				return nil, nil
			})
			if runErr != nil {
				t.Error(runErr)
			}
			if v != 7 || !IsCancelled(err) || err.Error() != "cancelled: late" {
				t.Errorf("got %d, %v", v, err)
			}
		})
	}
}
