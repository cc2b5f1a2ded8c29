package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// env is what a try gets.
type env struct {
	y       *loop.Yielder
	l       *loop.Loop
	address string // of the server
	folder  string // its files
	dial    netio.Dialer
}

// runCase tries one library, in a task, while another task ticks. A library that stops the loop is
// found by the ticks.
func runCase(name, address, folder string) error {
	i := slices.IndexFunc(libraries, func(l library) bool { return l.name == name })
	if i < 0 {
		return fmt.Errorf("there is no library %q", name)
	}
	lib := libraries[i]
	return loop.Main(func(y *loop.Yielder) error {
		l := loop.Running(y)
		e := &env{y: y, l: l, address: address, folder: folder, dial: netio.Dialer{Loop: l}}
		var longest time.Duration
		ticker := loop.Spawn(y, func(y *loop.Yielder) error {
			for last := l.Time(); ; last = l.Time() {
				if err := loop.Sleep(y, time.Millisecond); err != nil {
					return err
				}
				longest = max(longest, l.Time()-last)
			}
		})
		err := lib.try(e)
		ticker.Cancel()
		_, _ = ticker.Await(y)
		if err == nil && longest > stopped {
			err = fmt.Errorf("the loop stood for %v", longest)
		}
		return err
	})
}

// stopped is a time that the loop stands only if something blocks it: slow below says what
// servers are asked to wait.
const (
	slow    = 1500 * time.Millisecond
	stopped = time.Second
)

// together calls fn n times at once, in tasks.
func (e *env) together(n int, fn func(y *loop.Yielder, i int) error) error {
	var g loop.TaskGroup
	return g.Run(e.y, func() error {
		for i := range n {
			g.Go(func(y *loop.Yielder) error { return fn(y, i) })
		}
		return nil
	})
}

// cancelled runs fn in a task, cancels it after a moment, and wants it to count as cancelled.
func (e *env) cancelled(fn func(y *loop.Yielder) error) error {
	t := loop.Spawn(e.y, fn)
	if err := loop.Sleep(e.y, 100*time.Millisecond); err != nil {
		return err
	}
	t.Cancel()
	before := e.l.Time()
	_, err := t.Await(e.y)
	switch {
	case !loop.IsCancelled(err):
		return fmt.Errorf("a cancelled call returned: %w", orNil(err))
	case e.l.Time()-before > slow/2:
		return errors.New("a cancelled call went on")
	}
	return nil
}

func orNil(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}

// block calls fn on a goroutine of its own.
func block(y *loop.Yielder, fn func(ctx context.Context) error) error {
	_, err := loop.Block(y, func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) })
	return err
}

func want[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: %v, want %v", what, got, want)
	}
	return nil
}
