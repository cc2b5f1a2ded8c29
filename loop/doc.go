// Package loop is an event loop with tasks, futures, locks and queues, those of
// Python's asyncio. In the table, y is the coroutine that runs, f and g are
// functions, d is a time.Duration, and at the right is asyncio's name if it differs.
//
//	Run
//	  Main(f)  Run(f)                   a program, to its end         run
//	  Runner  RunIn(r, f)               several on one loop
//	  MainEach(n, f)  RunEach(n, f)     a program on n loops, one for each core
//	  RunOn(y, l, f)                    a task of another of them
//	  New()  NewVirtual()  NewOn(s)     a loop, or one whose time jumps
//	  RunUntilComplete  l.RunForever  l.Stop  l.Close  l.Closed
//	Schedule
//	  Go(y, f)  Spawn(y, f)             a task of f; Spawn for one    create_task
//	                                    that returns only an error
//	  CreateTask(y, coro)               a task of a coroutine object
//	  Named  WithValues  Eager          options of these
//	  t.Cancel()  t.SetName  t.Await    what can be done with it
//	  l.CallSoon  l.CallLater  l.CallAt a callback, without a task
//	Wait
//	  future.Await(y)  Sleep(y, d)                                    await
//	  Gather(y, f, g).Await(y)          all; the first error ends it
//	  GatherResults  GatherFutures      errors as results; of tasks
//	  TaskGroup: tg.Run(y, body)        all; the first error cancels
//	  tg.Go(f)  GoIn(tg, f)  tg.Cancel  a task of it; all of it       create_task
//	  WithTimeout(y, d, f)  Timeout     cancel f after d              timeout
//	  WaitFor(y, d, f)  WaitForFuture   the same, as wait_for has it
//	  Wait  AsCompleted(y, f, g)        the first of several; one by one
//	  Shield(y, f)                      not cancelled with who waits
//	Synchronise
//	  Lock  Event  Condition  Semaphore  Barrier
//	  Queue  NewPriorityQueue           q.Put(y, v), q.Get(y), or range
//	  NewLifoQueue                      over q.All(y) until Shutdown
//	  ParkingLot                        to build others               a deque
//	Hand over to threads
//	  ToThread(y, f)                    wait for a call that blocks   to_thread
//	  Block(y, f)                       without a limit on how many; waited
//	                                    for if it is cancelled
//	  RunInExecutor  Executor           its future                    run_in_executor
//	  RunToEnd(y, e, f)                 wait for it even if cancelled
//	  l.CallSoonThreadsafe(f)           from a goroutine, a callback
//	  RunCoroutineThreadsafe(ctx, l, f) from a goroutine, a task
//	  CancelWith(ctx, t)  y.Context()   context.Context, both ways    contextvars
//	  l.AddSignalHandler
//	  l.AddReader  l.AddWriter          when a descriptor is ready
//	  Drive(y, s)                       a part of a task without a stack
//	  WaitReadable  WaitWritable        the same, for a task
//	Observe
//	  fmt.Println(t)  Dump(w, l)        what waits for what           repr, all_tasks
//	  l.SetDebug(&Debug{})              slow steps and more           set_debug
//	  l.SetWatchdog(&Watchdog{})        what blocks the loop, while it does
//	  l.SetExceptionHandler             errors that nobody asked for
//	  l.AllTasks  l.CurrentTask  l.SetTaskObserver  t.Stack
//
// Connections are in package coloop/loop/netio, HTTP in coloop/client, tests on a
// virtual clock in coloop/loop/looptest.
//
// # Coroutines and y
//
// A coroutine is a function on a stack of its own, which it can leave in the middle
// and come back to. A task drives one: in each step it runs until it waits for
// something, and when that is done the loop schedules its next step. Between two
// waits nothing else runs, so tasks share variables without locks.
//
// y, a [Yielder], is the running coroutine as its own body sees it. A function that
// takes y may suspend the task, as async def says in Python; a function that does
// not never does. (Methods of a net.Conn cannot take it, so those of package netio
// find it by [Loop.Current].) There is no await: f(y) runs f in the same task, and
// Go(y, f) in one of its own. A y is good on its own stack only: hand each function
// that you give to another task the y which that task gives it.
//
// The loop is found through y, by [Running]. [Go] and the others that make tasks
// take the loop itself in the place of y, see [Where].
//
// # Goroutines
//
// A loop and its tasks run on one goroutine at a time, and everything of a loop
// belongs there: futures, tasks, locks, queues. Other goroutines come in by
// [Loop.CallSoonThreadsafe], [RunCoroutineThreadsafe] and [CancelWith]; tasks go out
// by [ToThread] and [Block]. A call that blocks, a receive from a channel say, stops the whole
// loop; a [Watchdog] says which. To wait on a wrong goroutine is an error, [ErrWrongGoroutine];
// in debug mode
// to schedule something from there panics with it.
//
// # Errors
//
// A cancelled task gets a [CancelledError] from whatever it waits for, which is
// [ErrCancelled] and context.Canceled under errors.Is. Return it: a task that returns
// another error, or none, has not been cancelled, unless a library has made that error
// of the cancellation, see [Loop.NoteCancelled]. An error that a task ends with and
// that nobody asks for is reported to the exception handler, a panic too. Misuse of a
// lock or queue, a Release too many for example, panics.
package loop
