// Package copied copies what must not be copied. Each line that says so is one that
// go vet is to report.
package copied

import (
	"coloop/client"
	"coloop/coroutine"
	"coloop/loop"
	"coloop/loop/netio"
)

func all(
	lock *loop.Lock, event *loop.Event, condition *loop.Condition, semaphore *loop.Semaphore, barrier *loop.Barrier,
	queue *loop.Queue[int], lot *loop.ParkingLot, group *loop.TaskGroup, timeout *loop.Timeout,
	completed *loop.Completed[int], runner *loop.Runner, l *loop.Loop, executor *loop.Executor,
	future *loop.Future[int], task *loop.Task[int], c *client.Client, listener *netio.Listener, conn *netio.Conn,
	generator *coroutine.Generator[any, any, int], yielder *loop.Yielder, pool *coroutine.Pool,
) {
	_ = func() any { v := *lock; return &v }      // copied
	_ = func() any { v := *event; return &v }     // copied
	_ = func() any { v := *condition; return &v } // copied
	_ = func() any { v := *semaphore; return &v } // copied
	_ = func() any { v := *barrier; return &v }   // copied
	_ = func() any { v := *queue; return &v }     // copied
	_ = func() any { v := *lot; return &v }       // copied
	_ = func() any { v := *group; return &v }     // copied
	_ = func() any { v := *timeout; return &v }   // copied
	_ = func() any { v := *completed; return &v } // copied
	_ = func() any { v := *runner; return &v }    // copied
	_ = func() any { v := *l; return &v }         // copied
	_ = func() any { v := *executor; return &v }  // copied
	_ = func() any { v := *future; return &v }    // copied
	_ = func() any { v := *task; return &v }      // copied
	_ = func() any { v := *c; return &v }         // copied
	_ = func() any { v := *listener; return &v }  // copied
	_ = func() any { v := *conn; return &v }      // copied
	_ = func() any { v := *generator; return &v } // copied
	_ = func() any { v := *yielder; return &v }   // copied
	_ = func() any { v := *pool; return &v }      // copied
}

func passed(loop.Lock) {} // copied

type part struct{ lock loop.Lock }

func (p part) method() {} // copied
