package loop_test

import (
	"fmt"
	"log"
	"runtime"
	"time"

	"coloop/loop"
)

// A task that waits for a channel stops its loop. The watchdog says so while it does.
func ExampleWatchdog() {
	results := make(chan int)
	told := false
	r := loop.Runner{Watchdog: &loop.Watchdog{Limit: 10 * time.Millisecond, Report: func(b loop.Blockage) {
		if b.State == "chan receive" && !told {
			told = true
			fmt.Println(b.Task, "waits in", b.Frames[0].Function)
			close(results)
		}
	}}}
	_, err := loop.RunIn(&r, func(y *loop.Yielder) (int, error) {
		collect := func(*loop.Yielder) (int, error) { return <-results, nil }
		return loop.Go(y, collect, loop.Named("collector")).Await(y)
	})
	fmt.Println(err, r.Close())
	// Output:
	// collector waits in coloop/loop_test.ExampleWatchdog.func2.1
	// <nil> <nil>
}

// A program ends if its loop does nothing any more, to be started again.
func ExampleLoop_SetWatchdog() {
	err := loop.Main(func(y *loop.Yielder) error {
		loop.Running(y).SetWatchdog(&loop.Watchdog{Report: func(b loop.Blockage) {
			if b.For > time.Minute {
				log.Fatal(b)
			}
			log.Print(b)
		}})
		return loop.Sleep(y, time.Millisecond)
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleBlockage() {
	b := loop.Blockage{
		Task:  "reader",
		For:   2 * time.Second,
		State: "sync.Mutex.Lock",
		Frames: []runtime.Frame{
			{Function: "sync.(*Mutex).Lock"},
			{Function: "crypto/tls.(*Conn).Read"},
			{Function: "main.read", File: "/src/main.go", Line: 47},
		},
		Parked: []loop.ParkedTask{{
			Task: "writer",
			Frames: []runtime.Frame{
				{Function: "coloop/loop/netio.(*Conn).Write"},
				{Function: "crypto/tls.(*Conn).Write"},
				{Function: "main.write", File: "/src/main.go", Line: 41},
			},
		}},
	}
	fmt.Println(b)
	// Output:
	// task 'reader' blocks its event loop for 2s: sync.Mutex.Lock (tls.(*Conn).Read) in main.read at main.go:47; task 'writer', parked (tls.(*Conn).Write) in main.write at main.go:41, may hold the lock
}
