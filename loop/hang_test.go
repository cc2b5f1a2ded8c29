package loop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"coloop/coroutine"
	"coloop/loop"

	"golang.org/x/sync/singleflight"
)

// hangs are programs that block their loop for ever, and parts of the report that a
// watchdog must give of them.
var hangs = map[string]struct {
	program func(y *loop.Yielder) error
	state   string
	want    string
}{
	"channel": {func(*loop.Yielder) error { <-make(chan int); return nil },
		"chan receive", "task 'main' blocks its event loop for 1s: chan receive in loop_test.init.func"},
	"mutex": {func(*loop.Yielder) error {
		var mu sync.Mutex
		mu.Lock()
		mu.Lock()
		return nil
	}, "sync.Mutex.Lock", "task 'main' blocks its event loop for 1s: sync.Mutex.Lock (sync.(*Mutex).Lock) in loop_test."},
	"sleep": {func(*loop.Yielder) error { time.Sleep(time.Hour); return nil },
		"sleep", ": sleep (time.Sleep) in loop_test."},
	"group": {func(*loop.Yielder) error {
		var wg sync.WaitGroup
		wg.Add(1)
		wg.Wait()
		return nil
	}, "sync.WaitGroup.Wait", "(sync.(*WaitGroup).Wait) in loop_test."},
	"computation": {func(*loop.Yielder) error {
		for n := 0; ; n++ {
		}
	}, "running", ": running in loop_test."},
	"system call": {func(*loop.Yielder) error {
		var ends [2]int
		_ = syscall.Pipe(ends[:])
		_, err := syscall.Read(ends[0], make([]byte, 1))
		return err
	}, "syscall", ": syscall (syscall.Read) in loop_test."},
	"lock of a parked task": {func(y *loop.Yielder) error {
		c := &guarded{}
		loop.Spawn(y, anHour, loop.Named("bystander"))
		loop.Spawn(y, c.use, loop.Named("holder"))
		loop.Spawn(y, c.use, loop.Named("waiter"))
		return anHour(y)
	}, "sync.Mutex.Lock", "task 'waiter' blocks its event loop for 1s: sync.Mutex.Lock (sync.(*Mutex).Lock) in " +
		"loop_test.(*guarded).use at hang_test.go:"},
	"once": {func(y *loop.Yielder) error {
		var once sync.Once
		dial := func(y *loop.Yielder) error { once.Do(func() { _ = anHour(y) }); return nil }
		loop.Spawn(y, anHour, loop.Named("bystander"))
		loop.Spawn(y, dial, loop.Named("holder"))
		loop.Spawn(y, dial, loop.Named("waiter"))
		return anHour(y)
	}, "sync.Mutex.Lock", "task 'waiter' blocks its event loop for 1s: sync.Mutex.Lock (sync.(*Once).Do) in loop_test."},
	"singleflight": {func(y *loop.Yielder) error {
		var flights singleflight.Group
		look := func(y *loop.Yielder) error {
			_, err, _ := flights.Do("key", func() (any, error) { return nil, anHour(y) })
			return err
		}
		loop.Spawn(y, look, loop.Named("holder"))
		loop.Spawn(y, look, loop.Named("waiter"))
		return anHour(y)
	}, "sync.WaitGroup.Wait", "task 'waiter' blocks its event loop for 1s: sync.WaitGroup.Wait (singleflight.(*Group).Do) in loop_test."},
	"tls": {tlsHang, "sync.Mutex.Lock", "task 'waiter' blocks its event loop for 1s: sync.Mutex.Lock (tls.(*Conn).Read) in loop_test."},
	"callback": {func(y *loop.Yielder) error {
		loop.Running(y).CallSoon(func() { select {} })
		return anHour(y)
	}, "select", "a callback blocks its event loop for 1s: select in loop_test."},
	"eager task": {func(y *loop.Yielder) error {
		loop.Spawn(y, func(*loop.Yielder) error { select {} }, loop.Eager(), loop.Named("inner"))
		return nil
	}, "select", "task 'inner' blocks"},
	"delegate": {func(y *loop.Yielder) error {
		_, err := coroutine.YieldFrom(y, loop.NewCoroutine(y, func(*loop.Yielder) (int, error) { select {} }))
		return err
	}, "select", "task 'main' blocks"},
	"generator by itself": {func(y *loop.Yielder) error {
		_, err := coroutine.New(func(*loop.Yielder) (int, error) { select {} }).Next()
		return err
	}, "select", "task 'main' blocks its event loop for 1s: select in loop_test."},
	"coroutine without a stack": {func(y *loop.Yielder) error {
		loop.CreateTask(y, machine{}, loop.Named("machine"))
		return anHour(y)
	}, "select", "task 'machine' blocks its event loop for 1s: select in loop_test.machine.Send at hang_test.go:"},
	"clean-up": {func(y *loop.Yielder) error {
		loop.Spawn(y, func(y *loop.Yielder) error {
			defer func() { select {} }()
			return anHour(y)
		}, loop.Named("cleaner"))
		return loop.Sleep(y, 0) // then main closes the loop
	}, "select", "task 'cleaner' blocks its event loop for 1s: select in loop_test."},
}

// holding are the cases in which another task holds the lock.
var holding = map[string]string{
	"lock of a parked task": "; task 'holder', parked (loop.Sleep) in loop_test.anHour at hang_test.go:",
	"once":                  "; task 'holder', parked (loop.Sleep) in loop_test.anHour at hang_test.go:",
	"singleflight":          "; task 'holder', parked (loop.Sleep) in loop_test.anHour at hang_test.go:",
	"tls":                   "; task 'holder', parked (loop.(*ParkingLot).Park) in loop_test.",
}

func anHour(y *loop.Yielder) error { return loop.Sleep(y, time.Hour) }

// guarded holds its lock while it waits.
type guarded struct{ mu sync.Mutex }

func (c *guarded) use(y *loop.Yielder) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return anHour(y)
}

// machine is a coroutine that blocks.
type machine struct{}

func (machine) Send(any) (any, error)        { select {} }
func (machine) Throw(err error) (any, error) { return nil, err }
func (machine) Close() (int, error)          { return 0, nil }

// TestC4Hang: a watchdog names the task and the call that blocks the loop, and the task
// that holds the lock. The blocked loops never go on, so they are in a program of their own.
func TestC4Hang(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LOOP_HANGS=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	got := make(map[string]string)
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, hang := range hangs {
		t.Run(name, func(t *testing.T) {
			before, after, found := strings.Cut(got[name], holding[name])
			if !strings.Contains(before+after, hang.want) || !found || (holding[name] == "") != !strings.Contains(got[name], "parked") {
				t.Errorf("the report is %q", got[name])
			}
			if strings.Contains(got[name], "bystander") {
				t.Errorf("the report names a task that has nothing to do with it: %q", got[name])
			}
		})
	}
}

// hang runs the programs, each on a loop of its own, and prints the reports.
func hang() error {
	reports := make(map[string]string)
	for name, hang := range hangs {
		l, err := loop.New()
		if err != nil {
			return err
		}
		w := loop.WatchByHand(l, &loop.Watchdog{Report: func(b loop.Blockage) { reports[name] = b.String() }})
		go func() {
			_, err := loop.RunUntilComplete(l, loop.Spawn(l, hang.program, loop.Named("main")))
			fmt.Fprintln(os.Stderr, name, "has ended:", errors.Join(err, l.Close()))
			os.Exit(1)
		}()
		for w.Inspect().State != hang.state || hang.state == "running" && w.Inspect().Task != "main" {
			runtime.Gosched()
		}
		for now := range 10 {
			w.Look(now)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(reports)
}
