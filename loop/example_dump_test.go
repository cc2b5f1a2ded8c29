package loop_test

import (
	"errors"
	"fmt"
	"os"

	"coloop/loop"
)

// Every task and what it waits for: a task stands below the one that awaits it.
func ExampleDump() {
	l, _ := loop.NewVirtual()
	defer l.Close()
	jobs := loop.Queue[int]{Name: "jobs"}
	loop.Spawn(l, func(y *loop.Yielder) error {
		_, err := loop.Go(y, jobs.Get, loop.Named("worker")).Await(y)
		return err
	}, loop.Named("boss"))
	fmt.Println(errors.Is(l.RunForever(), loop.ErrIdle))
	_ = loop.Dump(os.Stdout, l)
	// Output:
	// true
	// 2 tasks, 0 handles ready, 0 timers
	// <Task pending name='boss' coro=loop_test.ExampleDump.func1 at example_dump_test.go:16 wait_for=<Task 'worker'>>
	// └─ <Task pending name='worker' coro=loop.(*Queue[...]).Get wait_for=<Queue.Get of queue 'jobs'>>
}
