package pool_test

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"coloop/client/internal/pool"
	"coloop/loop"
)

// A line is a connection of the examples.
type line struct{ number int }

func (*line) Unused() bool    { return true }
func (l *line) Close() error  { fmt.Println("close", l.number); return nil }
func (l *line) Retire() error { fmt.Println("retire", l.number); return nil }

func runVirtual(fn func(y *loop.Yielder) error) {
	l, _ := loop.NewVirtual()
	defer l.Close()
	if _, err := loop.RunUntilComplete(l, loop.Spawn(l, fn)); err != nil {
		fmt.Println(err)
	}
}

func ExamplePool() {
	p := &pool.Pool[*line, time.Duration]{MaxConns: 1}
	dialled := 0
	request := func(y *loop.Yielder, name, host string, takes time.Duration) error {
		h := p.Host(loop.Running(y), host)
		place, err := p.Take(y, h, loop.NoTimeout)
		if err != nil {
			return err
		}
		if !place.Open() {
			dialled++
			if err := place.Fill(&line{dialled}); err != nil {
				place.Drop()
				return err
			}
		}
		if err := loop.Sleep(y, takes); err != nil {
			place.Drop()
			return err
		}
		fmt.Println(name, "on", place.Conn().number)
		place.Release()
		return nil
	}
	runVirtual(func(y *loop.Yielder) error {
		var g loop.TaskGroup
		err := g.Run(y, func() error {
			for _, r := range []struct{ name, host string }{{"one", "a"}, {"two", "a"}, {"three", "b"}} {
				g.Go(func(y *loop.Yielder) error { return request(y, r.name, r.host, time.Second) })
			}
			return nil
		})
		fmt.Printf("%+v\n", p.Stats())
		return errors.Join(err, p.Close())
	})
	// Output:
	// one on 1
	// two on 1
	// close 1
	// three on 2
	// {Open:1 Idle:1 Waiting:0}
	// retire 2
}

func ExamplePlace_Starved() {
	p := &pool.Pool[*line, struct{}]{}
	descriptors := 1
	dial := func() (*line, error) {
		if descriptors == 0 {
			return nil, syscall.EMFILE
		}
		descriptors--
		return &line{1}, nil
	}
	connect := func(y *loop.Yielder, place *pool.Place[*line, struct{}]) error {
		for !place.Open() {
			c, err := dial()
			switch {
			case err == nil:
				return place.Fill(c)
			case !errors.Is(err, syscall.EMFILE):
				return err
			}
			if err := place.Starved(y, loop.NoTimeout); errors.Is(err, pool.ErrNoOther) {
				return syscall.EMFILE
			} else if err != nil {
				return err
			}
		}
		return nil
	}
	runVirtual(func(y *loop.Yielder) error {
		var g loop.TaskGroup
		err := g.Run(y, func() error {
			for i := range 2 {
				g.Go(func(y *loop.Yielder) error {
					place, err := p.Take(y, p.Host(loop.Running(y), "a"), loop.NoTimeout)
					if err != nil {
						return err
					}
					if err := errors.Join(connect(y, place), loop.Sleep(y, time.Second)); err != nil {
						place.Drop()
						return err
					}
					fmt.Println("task", i, "on", place.Conn().number)
					place.Release()
					return nil
				})
			}
			return nil
		})
		return errors.Join(err, p.Close())
	})
	// Output:
	// task 0 on 1
	// task 1 on 1
	// retire 1
}
