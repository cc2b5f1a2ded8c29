package loop_test

import (
	"errors"
	"testing"
	"time"

	"coloop/loop"
)

// FuzzLoop plays a program made of data: tasks that use the same lock,
// semaphore, queue, event and condition, and are cancelled now and then.
// Whatever it is, everything that began ends once, items are neither lost nor
// doubled, those who wait are served in order, and nobody leaves with a permit.
func FuzzLoop(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x05\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x01\x01\x02\x02\x03\x03\x04\x04"))
	var mixed []byte
	for i := range 400 {
		mixed = append(mixed, byte(i*i*31+i*7))
	}
	f.Add(mixed)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, _ := loop.NewVirtual()
		p := &program{t: t, l: l, data: data, sem: loop.NewSemaphore(2), queue: loop.NewQueue[int](2)}
		p.run()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

type program struct {
	t     *testing.T
	l     *loop.Loop
	data  []byte
	lock  loop.Lock
	sem   *loop.Semaphore
	queue *loop.Queue[int]
	event loop.Event
	cond  loop.Condition

	tasks       []*loop.Task[any]
	ended       map[*loop.Future[any]]int
	locking     line
	taking      line
	made        int
	put, got    []int
	inLock      int
	withPermits int
}

// next takes a number below n from data.
func (p *program) next(n int) int {
	if len(p.data) == 0 {
		return 0
	}
	b := p.data[0]
	p.data = p.data[1:]
	return int(b) % n
}

func (p *program) run() {
	p.ended = make(map[*loop.Future[any]]int)
	for range 2 + p.next(6) {
		p.spawn(p.body(3))
	}
	for range p.next(12) {
		victim := p.next(len(p.tasks))
		p.l.CallLater(time.Duration(p.next(8)), func() { p.tasks[victim].Cancel() })
	}
	if err := p.l.RunForever(); !errors.Is(err, loop.ErrIdle) {
		p.t.Fatal(err)
	}
	// What is left waits for what does not come.
	for range 100 {
		for _, task := range p.l.AllTasks() {
			task.Cancel()
		}
		p.l.RunForever()
	}
	p.check()
}

func (p *program) check() {
	t := p.t
	expect(t, "tasks left", len(p.l.AllTasks()), 0)
	expect(t, "tasks ended", len(p.ended), len(p.tasks))
	for _, n := range p.ended {
		expect(t, "ends of a task", n, 1)
	}
	ready, timers, _ := p.l.Stats()
	expect(t, "ready", ready, 0)
	expect(t, "timers", timers, 0)
	expect(t, "locked", p.lock.Locked() || p.cond.Locked(), false)
	expect(t, "permits", p.sem.Value(), 2)
	getters, putters := p.queue.Waiting()
	expect(t, "waiting", p.lock.Waiting()+p.sem.Waiting()+p.event.Waiting()+p.cond.Waiting()+getters+putters, 0)
	for !p.queue.Empty() {
		v, _ := p.queue.GetNowait()
		p.got = append(p.got, v)
	}
	expect(t, "items", p.got, p.put)
}

func (p *program) spawn(body func(y *loop.Yielder) error) *loop.Task[any] {
	task := spawn(p.l, body)
	p.tasks = append(p.tasks, task)
	task.AddDoneCallback(func(f *loop.Future[any]) { p.ended[f]++ })
	return task
}

// body is a list of operations. A task stops at the first error or goes on.
func (p *program) body(depth int) func(y *loop.Yielder) error {
	type operation = func(y *loop.Yielder) error
	var ops []operation
	for range p.next(8) {
		ops = append(ops, p.operation(depth))
	}
	stubborn := p.next(3) == 0
	return func(y *loop.Yielder) error {
		for _, op := range ops {
			if err := op(y); err != nil && !stubborn {
				return err
			}
		}
		return nil
	}
}

func (p *program) operation(depth int) func(y *loop.Yielder) error {
	kind, d := p.next(11), time.Duration(p.next(4))
	pause := func(y *loop.Yielder) error { return loop.Sleep(y, d) }
	if depth > 0 {
		switch kind {
		case 7:
			return func(y *loop.Yielder) error {
				a, b := p.spawn(p.body(depth-1)), p.spawn(p.body(depth-1))
				_, err := loop.GatherFutures(p.l, a, b).Await(y)
				return err
			}
		case 8:
			body := p.body(depth - 1)
			return func(y *loop.Yielder) error {
				task := p.spawn(body)
				_, err := loop.ShieldFuture(p.l, task).Await(y)
				return err
			}
		case 9:
			bodies := []func(*loop.Yielder) error{p.body(depth - 1), p.body(depth - 1)}
			return func(y *loop.Yielder) error {
				_, _, err := loop.Wait(y, d, loop.FirstCompleted, p.spawn(bodies[0]), p.spawn(bodies[1]))
				return err
			}
		}
	}
	switch kind {
	case 1:
		return p.waitIn(&p.locking, &p.lock, &p.inLock, 1, pause)
	case 2:
		return p.waitIn(&p.taking, p.sem, &p.withPermits, 2, pause)
	case 3:
		return func(y *loop.Yielder) error {
			p.made++
			v := p.made
			err := p.queue.Put(y, v)
			if err == nil {
				p.put = append(p.put, v)
			}
			return err
		}
	case 4:
		return func(y *loop.Yielder) error {
			v, err := p.queue.Get(y)
			if err == nil {
				p.got = append(p.got, v)
			}
			return err
		}
	case 5:
		return p.event.Wait
	case 6:
		return func(*loop.Yielder) error {
			p.event.Set()
			p.event.Clear()
			return nil
		}
	case 10:
		return func(y *loop.Yielder) error {
			return p.cond.With(y, func() error {
				if d > 1 {
					p.cond.Notify(int(d))
					return nil
				}
				err := p.cond.Wait(y)
				expect(p.t, "the lock after Wait", p.cond.Locked(), true)
				return err
			})
		}
	}
	return pause
}

type guard interface {
	Acquire(*loop.Yielder) error
	Release()
}

// waitIn passes through a lock or semaphore that lets n in at a time.
func (p *program) waitIn(q *line, g guard, inside *int, n int, fn func(y *loop.Yielder) error) func(y *loop.Yielder) error {
	return func(y *loop.Yielder) error {
		ticket := q.join(p.l.CurrentTask())
		err := g.Acquire(y)
		if first := q.leave(ticket); err == nil && !first {
			p.t.Error("overtaken in line")
		}
		if err != nil {
			return err
		}
		defer func() {
			*inside--
			if err := panicOf(g.Release); err != nil {
				p.t.Error(err)
			}
		}()
		if *inside++; *inside > n {
			p.t.Errorf("%d inside", *inside)
		}
		return fn(y)
	}
}

// A line is who waits, in the order of coming.
type line []*ticket

type ticket struct {
	task     loop.AnyTask
	requests int // to cancel it, when it came
}

func (q *line) join(task loop.AnyTask) *ticket {
	k := &ticket{task, task.Cancelling()}
	*q = append(*q, k)
	return k
}

// leave reports whether nobody came before k who waits still and has not been
// cancelled meanwhile.
func (q *line) leave(k *ticket) (first bool) {
	first = true
	for i, x := range *q {
		if x == k {
			*q = append((*q)[:i], (*q)[i+1:]...)
			return first
		}
		first = first && x.task.Cancelling() > x.requests
	}
	return false
}
