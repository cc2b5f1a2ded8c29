package loop

import (
	"cmp"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Watchdog reports a step of a task, or a callback, that blocks the loop, while it does:
// one that waits for a channel, a Go lock, time.Sleep or a system call, or computes without
// end. The zero value is ready for [Loop.SetWatchdog]. Debug mode has one; a [Runner] can be
// given one; and each loop gets one by the environment variable COLOOP_WATCHDOG, if that is
// not empty: its value is the Limit, such as 500ms, if it is a duration.
//
// The first report comes when the step has lasted for Limit, others when it has lasted
// twice, four times, eight times as long and so on, and a last one when it is over. Time is
// real time, on any loop. A loop that waits for something to do is not blocked.
//
// A watchdog is a goroutine of its own, which begins when the loop first runs, sleeps while the
// loop has nothing to do, and ends with [Loop.Close]. It costs about 10 ns a step, 40 ns a
// task, and 3 µs for each stack that the loop's pool makes. A report stops the program for a
// moment, about 3 µs for each goroutine and each parked task that there is.
type Watchdog struct {
	// Limit is how long a step may last; 1 s if it is 0. If it is negative, there is no
	// watchdog.
	Limit time.Duration

	// Report is called with each report; if it is nil, reports go to slog. It is called
	// on the goroutine of the watchdog: it must not touch what belongs to the loop,
	// which [Loop.CallSoonThreadsafe] reaches once the loop goes on, and it must not wait
	// for the loop. A panic of it goes to slog.
	Report func(Blockage)
}

// SetWatchdog gives the loop a watchdog, in the place of the one that it has; with nil it
// has none. Report of the old one is not called any more when SetWatchdog returns. The
// report of a task that had begun before may lack its calls. SetWatchdog must be called on
// the goroutine of the loop, or while the loop does not run.
func (l *Loop) SetWatchdog(d *Watchdog) {
	l.check()
	if l.closed {
		return
	}
	if w := newWatchdog(l, d); w != nil && l.running {
		w.begin()
	}
}

// newWatchdog gives l a watchdog, whose goroutine has not begun. It returns nil if there is to
// be none.
func newWatchdog(l *Loop, d *Watchdog) (w *watchdog) {
	if l.watch != nil {
		l.watch.end()
		l.watch = nil
	}
	if d != nil && d.Limit >= 0 {
		w = &watchdog{loop: l, limit: cmp.Or(d.Limit, time.Second), report: d.Report,
			wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{})}
		l.watch = w
	}
	l.stacks.Known = w != nil
	l.inspected = w != nil || l.debug != nil
	return w
}

type watchdog struct {
	loop   *Loop
	limit  time.Duration
	report func(Blockage)

	// The goroutine of the loop writes these.
	at    atomic.Uint64        // odd while a step is under way; another number for each turn and each callback
	who   atomic.Pointer[task] // whose step it is; a task has one step a turn at most
	root  atomic.Uint64        // the number of the goroutine that runs the loop
	known bool                 // root is
	n     uint64               // at

	// heed has the loop wake the watchdog when it goes on.
	heed atomic.Bool
	wake chan struct{}

	// The goroutine of the watchdog writes these.
	seen   moment
	when   time.Time
	lasted atomic.Int64  // for how long it has been doing that; a time.Duration
	due    time.Duration // what lasted must be for the next report
	told   *Blockage     // the last report of the step; nil if there is none

	started     bool // its goroutine has begun
	quit, ended chan struct{}
}

// moment is what the loop was doing when it was looked at.
type moment struct {
	at  uint64
	who uintptr // no pointer, which would keep the task alive
}

func (w *watchdog) moment() moment {
	return moment{w.at.Load(), uintptr(unsafe.Pointer(w.who.Load()))}
}

// begin is called when the loop is about to run or to be closed, perhaps on another goroutine
// than before.
func (w *watchdog) begin() {
	w.known = false
	if !w.started {
		w.started = true
		go w.guard()
	}
}

// step is called on the goroutine that runs, or closes, the loop.
func (w *watchdog) step(t *task) {
	if !w.known {
		w.known = true
		w.root.Store(goroutineHere())
	}
	w.who.Store(t)
	if w.n%2 == 0 {
		w.n++
		w.at.Store(w.n)
	} else if t == nil {
		w.n += 2
		w.at.Store(w.n)
	}
	if w.heed.Load() {
		w.alert()
	}
}

func (w *watchdog) idle() {
	if w.n%2 != 0 {
		w.n++
		w.who.Store(nil) // it would keep the task alive
		w.at.Store(w.n)
	}
	if w.heed.Load() {
		w.alert()
	}
}

//go:noinline
func (w *watchdog) alert() {
	w.heed.Store(false)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *watchdog) end() {
	if w.started {
		close(w.quit)
		<-w.ended
	}
}

// every is the time between two looks.
func (w *watchdog) every() time.Duration { return max(w.limit/8, time.Millisecond) }

// guard is the goroutine of the watchdog.
func (w *watchdog) guard() {
	defer close(w.ended)
	ticker := time.NewTicker(w.every())
	defer ticker.Stop()
	tick := ticker.C
	for {
		select {
		case <-w.quit:
			return
		case <-tick:
		case <-w.wake:
		}
		tick = ticker.C
		if w.look(time.Now()) {
			tick = nil
		}
	}
}

// look looks at the step under way. It returns true if the loop has had nothing to do since
// the look before: the next one is needed when the loop wakes the watchdog.
func (w *watchdog) look(now time.Time) (rest bool) {
	// If the watchdog has been kept from looking, so has the loop from running, as a rule:
	// by a debugger, or because the machine was suspended.
	passed := min(now.Sub(w.when), 2*w.every())
	w.when = now
	is := w.moment()
	switch {
	case is != w.seen:
		if b := w.told; b != nil {
			w.told = nil
			b.For, b.Over = time.Duration(w.lasted.Load())+passed, true
			w.tell(*b)
		}
		w.seen, w.due = is, w.limit
		w.lasted.Store(0)
		return false
	case is.at%2 == 0:
		return w.await(is)
	}
	if lasted := time.Duration(w.lasted.Add(int64(passed))); lasted >= w.due {
		b, ok := w.inspect()
		if !ok || w.moment() != is {
			return false // the next look sees it
		}
		for w.due <= lasted {
			w.due *= 2
		}
		w.told = &b
		w.tell(b)
		w.await(is)
	}
	return false
}

// await has the loop wake the watchdog when it goes on, and reports whether it has not gone
// on yet.
func (w *watchdog) await(from moment) bool {
	w.heed.Store(true)
	return w.moment() == from
}

// tell reports b.
func (w *watchdog) tell(b Blockage) {
	defer func() {
		if r := recover(); r != nil {
			slog.Error("panic in the report of a watchdog", "error", fmt.Sprint(r), "report", b.String())
		}
	}()
	if w.report == nil {
		b.log()
	} else {
		w.report(b)
	}
}

// inspect describes the step under way. It reports whether there is one, and the same at the
// end as at the beginning. It may be called on any goroutine.
func (w *watchdog) inspect() (b Blockage, ok bool) {
	is := w.moment()
	b.For = time.Duration(w.lasted.Load())
	t := w.who.Load()
	tasks := make(map[uint64]*task)
	for _, s := range w.loop.stacks.Stacks() {
		tasks[s.Goroutine], _ = taskIn(s.Given)
	}
	all := goroutines()
	if g := w.running(all, tasks); g != nil {
		if inner := tasks[g.id]; inner != nil { // an eager task in the step of another, perhaps
			t = inner
		}
		b.State, b.Frames = g.state, g.frames()
		if strings.HasPrefix(b.State, "sync.") || b.State == "semacquire" {
			b.Parked = holders(b.Frames, all, tasks, t)
		}
	}
	if t != nil {
		b.Task = t.Name()
	}
	return b, is.at%2 != 0 && w.moment() == is
}

// running returns the goroutine, among all, that runs now on behalf of the loop: its own,
// or one of the coroutines, given with their tasks. A coroutine that something else has made
// by iter.Pull, on one of these, counts as well.
func (w *watchdog) running(all []goroutine, tasks map[uint64]*task) (found *goroutine) {
	root := w.root.Load()
	ours := map[uint64]bool{root: true}
	for i, g := range all {
		if _, ok := tasks[g.id]; ok || g.id == root {
			ours[g.id] = true
			if g.state != "coroutine" {
				return &all[i]
			}
		}
	}
	for more := true; more; {
		more = false
		for i, g := range all {
			if g.puller != 0 && ours[g.puller] && !ours[g.id] {
				if g.state != "coroutine" {
					return &all[i]
				}
				ours[g.id], more = true, true
			}
		}
	}
	return nil
}

// holders returns the tasks, but for the blocked one, that are suspended in a call which may
// hold the lock that the blocked calls wait for.
func holders(blocked []runtime.Frame, all []goroutine, tasks map[uint64]*task, t *task) []ParkedTask {
	i := slices.IndexFunc(blocked, func(f runtime.Frame) bool {
		return packageOf(f.Function) != "sync" || receiver(f.Function) == "sync.(*Once)"
	})
	if i < 0 {
		return nil
	}
	locker := blocked[i].Function // it has called Lock, or the like
	suspended := slices.DeleteFunc(slices.Clone(all), func(g goroutine) bool {
		other := tasks[g.id]
		return other == nil || other == t
	})
	for _, kind := range []func(string) string{receiver, packageOf} {
		var found []ParkedTask
		for _, g := range suspended {
			frames := g.frames()
			if slices.ContainsFunc(frames, func(f runtime.Frame) bool { return kind(f.Function) == kind(locker) }) {
				found = append(found, ParkedTask{tasks[g.id].Name(), frames})
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}
