//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package subprocess

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"testing"

	"coloop/loop"
)

var processes = flag.Int("processes", 100, "how many processes TestManyProcesses runs")

// TestManyProcesses: of many short processes, 50 at a time, some end, some are cancelled at
// random and some forgotten. None is left, nor a descriptor.
func TestManyProcesses(t *testing.T) {
	jobs := []func(y *loop.Yielder) error{
		func(y *loop.Yielder) error { _, err := Run(y, "true"); return err },
		func(y *loop.Yielder) error {
			o := Options{Input: bytes.Repeat([]byte("x"), 200_000), Stdout: Pipe}
			out, err := o.Run(y, "cat")
			if err == nil && !bytes.Equal(out.Stdout, o.Input) {
				err = errors.New("cat has changed its input")
			}
			return err
		},
		func(y *loop.Yielder) error { _, err := Run(y, "sh", "-c", "echo begun; "+endless); return err },
		func(y *loop.Yielder) error {
			o := Options{Stdin: DevNull, Stdout: Pipe, Group: true}
			_, err := o.Run(y, "sh", "-c", "sleep 100000 & wait")
			return err
		},
		func(y *loop.Yielder) error { // forgotten
			_, err := Options{Stdin: DevNull}.Exec(y, "true")
			return err
		},
		func(y *loop.Yielder) error { // cancelled or not, closed
			p, err := all.Exec(y, "cat")
			if err != nil {
				return err
			}
			defer p.Close()
			if _, err := p.Stdin.Write([]byte("x")); err != nil {
				return err
			}
			if _, err := p.Stdout.Read(make([]byte, 1)); err != nil {
				return err
			}
			return p.Wait(y) // for ever, as cat has its input still
		},
	}
	play(t, func(t *testing.T, y *loop.Yielder) error {
		random := rand.New(rand.NewPCG(1, 2))
		places := loop.NewSemaphore(50)
		var group loop.TaskGroup
		return group.Run(y, func() error {
			for range *processes {
				if err := places.Acquire(y); err != nil {
					return err
				}
				n, turns := random.IntN(len(jobs)), random.IntN(40)
				if turns >= 20 && n < 2 || n == 4 {
					turns = -1 // let it end
				}
				group.Go(func(y *loop.Yielder) error {
					defer places.Release()
					task := loop.Spawn(y, jobs[n])
					for range turns {
						if err := loop.Sleep(y, 0); err != nil {
							return err
						}
					}
					if turns >= 0 {
						task.Cancel()
					}
					_, err := task.Await(y)
					if turns >= 0 && loop.IsCancelled(err) {
						err = nil
					}
					return err
				})
			}
			return nil
		})
	})
}
