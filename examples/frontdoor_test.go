package examples_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/netio"
)

// TestFrontDoor has the first calls that a program makes, as somebody who knows
// asyncio and Go writes them. Programs outside of this module rely on each of these
// spellings: a change that breaks one of them breaks theirs.
func TestFrontDoor(t *testing.T) {
	failure := errors.New("no luck")
	fetch := func(y *loop.Yielder) (string, error) { return "page", loop.Sleep(y, time.Second) }
	fetchA := func(y *loop.Yielder) (string, error) { return "A", loop.Sleep(y, 3*time.Second) }
	fetchB := func(y *loop.Yielder) (string, error) { return "B", loop.Sleep(y, 2*time.Second) }
	fail := func(y *loop.Yielder) error {
		return errors.Join(loop.Sleep(y, time.Second), failure)
	}

	for _, c := range []struct {
		name string
		want string
		call func(y *loop.Yielder) (string, error)
	}{
		{"loop.Go(y, f)", "page", func(y *loop.Yielder) (string, error) {
			task := loop.Go(y, fetch)
			return task.Await(y)
		}},
		{"loop.Go(l, f)", "page", func(y *loop.Yielder) (string, error) {
			var l *loop.Loop = loop.Running(y)
			var task *loop.Task[string] = loop.Go(l, fetch)
			return task.Await(y)
		}},
		{"loop.Spawn(y, f)", "no luck", func(y *loop.Yielder) (string, error) {
			var task *loop.Task[struct{}] = loop.Spawn(y, fail)
			_, err := task.Await(y)
			return err.Error(), nil
		}},
		{"loop.Spawn with a function in place", "1s", func(y *loop.Yielder) (string, error) {
			_, err := loop.Spawn(y, func(y *loop.Yielder) error { return loop.Sleep(y, time.Second) }).Await(y)
			return loop.Running(y).Time().String(), err
		}},
		{"loop.Gather of functions", "[A B] 3s", func(y *loop.Yielder) (string, error) {
			pages, err := loop.Gather(y, fetchA, fetchB).Await(y)
			return fmt.Sprint(pages, " ", loop.Running(y).Time()), err
		}},
		{"loop.Gather(fns...)", "[A B page]", func(y *loop.Yielder) (string, error) {
			fns := []func(*loop.Yielder) (string, error){fetchA, fetchB, fetch}
			pages, err := loop.Gather(y, fns...).Await(y)
			return fmt.Sprint(pages), err
		}},
		{"loop.GatherFutures of a task and a future", "[A F]", func(y *loop.Yielder) (string, error) {
			task := loop.Go(y, fetchA)
			future := loop.NewFuture[string](loop.Running(y))
			loop.Running(y).CallLater(time.Second, func() { future.SetResult("F") })
			pages, err := loop.GatherFutures(y, task, future).Await(y)
			return fmt.Sprint(pages), err
		}},
		{"loop.WaitFor in time", "page", func(y *loop.Yielder) (string, error) {
			return loop.WaitFor(y, 2*time.Second, fetch)
		}},
		{"loop.WaitFor too late", "timeout 1s", func(y *loop.Yielder) (string, error) {
			_, err := loop.WaitFor(y, time.Second, fetchA)
			return fmt.Sprint(err, " ", loop.Running(y).Time()), nil
		}},
		{"loop.WithTimeout in time", "page", func(y *loop.Yielder) (string, error) {
			v, err := loop.WithTimeout(y, 2*time.Second, fetch)
			return v, err
		}},
		{"loop.WithTimeout too late", "true", func(y *loop.Yielder) (string, error) {
			v, err := loop.WithTimeout(y, time.Second, fetchB)
			return v + fmt.Sprint(errors.Is(err, loop.ErrTimeout)), nil
		}},
		{"loop.Shield(y, f)", "A 3s", func(y *loop.Yielder) (string, error) {
			saved := ""
			save := func(y *loop.Yielder) (string, error) {
				v, err := fetchA(y)
				saved = v
				return v, err
			}
			waiting := loop.Go(y, func(y *loop.Yielder) (string, error) { return loop.Shield(y, save).Await(y) })
			if err := loop.Sleep(y, time.Second); err != nil {
				return "", err
			}
			waiting.Cancel()
			if _, err := waiting.Await(y); !errors.Is(err, loop.ErrCancelled) {
				return "", fmt.Errorf("cancelled, but: %w", err)
			}
			err := loop.Sleep(y, 2*time.Second)
			return fmt.Sprint(saved, " ", loop.Running(y).Time()), err
		}},
		{"loop.AsCompleted(y, f, g)", "BA", func(y *loop.Yielder) (pages string, err error) {
			for page, err := range loop.AsCompleted(y, fetchA, fetchB).All(y) {
				if err != nil {
					return "", err
				}
				pages += page
			}
			return pages, nil
		}},
		{"loop.AsCompleted with a time-out", "page B timeout", func(y *loop.Yielder) (string, error) {
			var got []string
			for page, err := range loop.AsCompleted(y, fetchA, fetchB, fetch).Within(5 * time.Second / 2).All(y) {
				if err != nil {
					page = err.Error()
				}
				got = append(got, page)
			}
			return strings.Join(got, " "), nil
		}},
		{"group.Go(f)", "1 error in a TaskGroup: no luck", func(y *loop.Yielder) (string, error) {
			var group loop.TaskGroup
			err := group.Run(y, func() error {
				group.Go(func(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) })
				group.Go(fail)
				return nil
			})
			return err.Error(), nil
		}},
		{"loop.GoIn(&group, f)", "page", func(y *loop.Yielder) (string, error) {
			var group loop.TaskGroup
			var task *loop.Task[string]
			if err := group.Run(y, func() error {
				task = loop.GoIn(&group, fetch)
				return nil
			}); err != nil {
				return "", err
			}
			return task.Result()
		}},
		{"range over queue.All(y)", "[1 2 3]", func(y *loop.Yielder) (string, error) {
			queue := loop.NewQueue[int](1)
			loop.Spawn(y, func(y *loop.Yielder) error {
				defer queue.Shutdown(false)
				for i := range 3 {
					if err := queue.Put(y, i+1); err != nil {
						return err
					}
				}
				return nil
			})
			var got []int
			for item, err := range queue.All(y) {
				if err != nil {
					return "", err
				}
				got = append(got, item)
			}
			return fmt.Sprint(got), nil
		}},
		{"task.SetName", "worker 2", func(y *loop.Yielder) (string, error) {
			task := loop.Go(y, fetch)
			task.SetName("worker 2")
			return task.Name(), nil
		}},
		{"a name at creation", "worker 3, worker 4, worker 5", func(y *loop.Yielder) (string, error) {
			var group loop.TaskGroup
			names := loop.Go(y, fetch, loop.Named("worker 3")).Name()
			pause := func(y *loop.Yielder) error { return loop.Sleep(y, time.Second) }
			names += ", " + loop.Spawn(y, pause, loop.Named("worker 4")).Name()
			err := group.Run(y, func() error {
				names += ", " + loop.GoIn(&group, fetch, loop.Named("worker 5")).Name()
				return nil
			})
			return names, err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, _ := loop.NewVirtual()
			defer l.Close()
			l.SetExceptionHandler(func(_ *loop.Loop, c loop.ExceptionContext) { t.Error(c.Message, c.Exception) })
			got, err := loop.RunUntilComplete(l, loop.Go(l, c.call))
			if got != c.want || err != nil {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}

	t.Run("loop.Main", func(t *testing.T) {
		err := loop.Main(func(y *loop.Yielder) error {
			return errors.Join(loop.Sleep(y, 0), failure)
		})
		if !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("loop.Run", func(t *testing.T) {
		n, err := loop.Run(func(y *loop.Yielder) (int, error) { return 42, loop.Sleep(y, 0) })
		if n != 42 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	})
	t.Run("netio.Listen, Serve and Dial", func(t *testing.T) {
		reply, err := loop.Run(func(y *loop.Yielder) (string, error) {
			ln, err := netio.Listen(y, "tcp", "localhost:0")
			if err != nil {
				return "", err
			}
			handle := func(y *loop.Yielder, c *netio.Conn) error {
				_, err := io.Copy(c, c)
				return err
			}
			loop.Spawn(y, func(y *loop.Yielder) error { return netio.Serve(y, ln, handle) })
			_, port, err := net.SplitHostPort(ln.Addr().String())
			if err != nil {
				return "", err
			}
			c, err := netio.Dial(y, "tcp", "localhost:"+port)
			if err != nil {
				return "", err
			}
			defer c.Close()
			fmt.Fprint(c, "echo")
			if err := c.CloseWrite(); err != nil {
				return "", err
			}
			b, err := io.ReadAll(c)
			return string(b), err
		})
		if reply != "echo" || err != nil {
			t.Errorf("got %q, %v", reply, err)
		}
	})
	t.Run("netio.Dial to a port by name", func(t *testing.T) {
		err := loop.Main(func(y *loop.Yielder) error {
			c, err := netio.Dial(y, "tcp", "localhost:http")
			if err != nil {
				return err
			}
			return c.Close()
		})
		// Whether a server listens there is the machine's affair, not so that it is
		// port 80 which was tried.
		var op *net.OpError
		if err != nil && (!errors.As(err, &op) || op.Addr == nil || !strings.HasSuffix(op.Addr.String(), ":80")) {
			t.Errorf("got %v", err)
		}
	})
}
