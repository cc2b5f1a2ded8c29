package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// env is what a try gets.
type env struct {
	y       *loop.Yielder
	l       *loop.Loop
	name    string
	address string // of the server
	folder  string // its files
	dial    netio.Dialer
}

// runCase tries one library, in a task, while another task ticks. It is an error if the loop
// stands, if the loop has an error that nobody asked for, or if tasks or sockets are left.
func runCase(name, address, folder string) error {
	i := slices.IndexFunc(libraries, func(l library) bool { return l.name == name })
	if i < 0 {
		return fmt.Errorf("there is no library %q", name)
	}
	sockets := openSockets()
	var unseen []error
	stopped := stopped
	if libraries[i].write == "" {
		stopped *= 10 // much work, which the race detector and other processes make slow
	}
	r := loop.Runner{Debug: &loop.Debug{Slow: stopped}}
	_, err := loop.RunIn(&r, func(y *loop.Yielder) (struct{}, error) {
		l := loop.Running(y)
		l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) {
			unseen = append(unseen, fmt.Errorf("%s: %w", c.Message, orNil(c.Exception)))
		})
		e := &env{name: name, y: y, l: l, address: address, folder: folder, dial: netio.Dialer{Loop: l}}
		var longest time.Duration
		ticker := loop.Spawn(y, func(y *loop.Yielder) error {
			for last := l.Time(); ; last = l.Time() {
				if err := loop.Sleep(y, time.Millisecond); err != nil {
					return err
				}
				longest = max(longest, l.Time()-last)
			}
		})
		err := libraries[i].try(e)
		ticker.Cancel()
		_, _ = ticker.Await(y)
		if err == nil && longest > stopped {
			err = fmt.Errorf("the loop stood for %v", longest)
		}
		if err == nil {
			err = leftovers(y, sockets)
		}
		return struct{}{}, err
	})
	err = errors.Join(err, r.Close()) // may add to unseen
	return errors.Join(append(unseen, err)...)
}

// leftovers returns an error if other tasks than that of y, or sockets, are left. A library's
// goroutines have a moment to end.
func leftovers(y *loop.Yielder, sockets int) error {
	l := loop.Running(y)
	for range 300 {
		if len(l.AllTasks()) == 1 && openSockets() <= sockets {
			return nil
		}
		if err := loop.Sleep(y, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("left are %d sockets and the tasks %v", openSockets()-sockets, l.AllTasks())
}

// openSockets returns the number of sockets that the process has open, 0 if the system does not
// tell.
func openSockets() (n int) {
	files, _ := filepath.Glob("/dev/fd/*")
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
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
