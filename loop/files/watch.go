package files

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"coloop/loop"

	"github.com/fsnotify/fsnotify"
)

// An Event is a change of a file: its Name, and its Op, which has one or more of Create, Write,
// Remove, Rename and Chmod.
type Event = fsnotify.Event

// An Op is a kind of change, or several.
type Op = fsnotify.Op

// The kinds of changes. [Event.Has] tells whether an event is of a kind.
const (
	OpCreate = fsnotify.Create
	OpWrite  = fsnotify.Write
	OpRemove = fsnotify.Remove
	OpRename = fsnotify.Rename
	OpChmod  = fsnotify.Chmod
)

// ErrWatcherClosed is returned by operations on a Watcher that is closed.
var ErrWatcherClosed = fsnotify.ErrClosed

// A Watcher tells of changes of files and in folders, by way of fsnotify (inotify, kqueue). It
// is closed by Close, by the end of the task that has made it, and by the end of the loop. It has
// a task of its own until then, "files.Watcher", and a goroutine.
type Watcher struct {
	notify *fsnotify.Watcher
	events *loop.Queue[found]
	closed loop.Event
	owner  *loop.Task[struct{}]
	stop   context.CancelFunc
}

// kept is how many events are kept for a task that has not come for them yet.
const kept = 1024

type found struct {
	event Event
	err   error
}

// NewWatcher returns a Watcher of the files and folders of those names.
func NewWatcher(y *loop.Yielder, names ...string) (*Watcher, error) {
	notify, err := on(y, fsnotify.NewWatcher)
	if err != nil {
		if notify != nil { // the task was cancelled
			_ = surely(y, notify.Close) // the cancellation says more
		}
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &Watcher{notify: notify, stop: stop, events: loop.NewQueue[found](kept)}
	w.events.Name = "file events"
	w.owner = loop.Spawn(y, w.own, loop.Named("files.Watcher"))
	go w.forward(ctx, loop.Running(y))
	loop.OnDone(loop.Running(y).CurrentTask(), w.closed.Set)
	for _, name := range names {
		if err := w.Add(y, name); err != nil {
			return nil, first(err, w.Close(y))
		}
	}
	return w, nil
}

// own keeps the Watcher open until Close, or until the loop ends. inotify takes some 20 ms to
// close.
func (w *Watcher) own(y *loop.Yielder) error {
	err := w.closed.Wait(y)
	w.stop()
	closing := surely(y, w.notify.Close)
	w.events.Shutdown(false)
	return first(err, closing)
}

// forward hands the events over to the loop, one after the other. Those that come meanwhile wait
// in the system's queue, which reports fsnotify.ErrEventOverflow if it is full.
func (w *Watcher) forward(ctx context.Context, l *loop.Loop) {
	for {
		var f found
		var ok bool
		select {
		case f.event, ok = <-w.notify.Events:
		case f.err, ok = <-w.notify.Errors:
		}
		if !ok {
			return
		}
		_, err := loop.RunCoroutineThreadsafe(ctx, l, func(y *loop.Yielder) (struct{}, error) {
			return struct{}{}, w.events.Put(y, f)
		})()
		if err != nil {
			return // the Watcher or the loop is closed
		}
	}
}

// Add has the Watcher tell of a file or folder too. A folder stands for what is directly in it.
func (w *Watcher) Add(y *loop.Yielder, name string) error {
	return do(y, func() error { return about(name, w.notify.Add(name)) })
}

// Remove takes back an Add.
func (w *Watcher) Remove(y *loop.Yielder, name string) error {
	return do(y, func() error { return about(name, w.notify.Remove(name)) })
}

// about is an error of fsnotify with the name of the file.
func about(name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "watch", Path: name, Err: err}
}

// Next parks the task until something has changed and returns that. Events that come faster than
// they are asked for are kept; if the system has to drop some, the error is
// [fsnotify.ErrEventOverflow], and the Watcher goes on. After Close the error is
// [ErrWatcherClosed], once the events that came before have been returned.
func (w *Watcher) Next(y *loop.Yielder) (Event, error) {
	if w.events.Empty() && y.Here() && loop.Running(y) != nil { // else Get returns the error
		// A virtual clock must stand still until the system reports something.
		system := loop.Running(y).System()
		system.Expect(1)
		defer system.Expect(-1)
	}
	f, err := w.events.Get(y)
	switch {
	case errors.Is(err, loop.ErrQueueShutDown):
		return f.event, ErrWatcherClosed
	case err != nil:
		return f.event, err
	}
	return f.event, f.err
}

// All returns the events as they come. It ends when the Watcher is closed, and after an error.
func (w *Watcher) All(y *loop.Yielder) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := w.Next(y)
			if err == ErrWatcherClosed || !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Close ends the Watcher. Tasks in Next get what has come before, and then [ErrWatcherClosed].
func (w *Watcher) Close(y *loop.Yielder) error {
	w.closed.Set()
	_, err := loop.ShieldFuture(y, w.owner).Await(y)
	return err
}
