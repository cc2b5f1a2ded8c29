package main

import (
	"errors"

	"coloop/client"
	"coloop/coroutine"
	"coloop/loop"
)

// The third generation: one goroutine, in which a task for each flag gives way
// to the others wherever it would have to wait.
//
// Where the book writes yield from, so does this: each function below returns a
// coroutine object, and the one that wants its result delegates to it. That makes
// a chain, from the task's coroutine down to the request which parks it,
//
//	downloadOne > getFlag > httpGet > client.Get > WaitRead of the connection
//
// and the event loop drives the innermost by sending to the outermost. The last
// two links are plain calls that are given y, which is yield from in its cheap
// form: every function here could be called in that way.

// A coro is a coroutine that a task can drive, and another delegate to.
type coro[T any] = *coroutine.Generator[any, any, T]

// asyncio is what the coroutines of a job share.
type asyncio struct {
	*job
	session   *client.Client
	semaphore *loop.Semaphore
}

func (d *asyncio) httpGet(url string) coro[[]byte] {
	return coroutine.New(func(y *loop.Yielder) ([]byte, error) {
		resp, err := d.session.Get(y, url)
		if err != nil {
			return nil, err
		}
		if resp.Status != 200 {
			return nil, &StatusError{url, resp.Status}
		}
		return resp.Body, nil
	})
}

func (d *asyncio) getFlag(cc string) coro[[]byte] {
	return coroutine.New(func(y *loop.Yielder) ([]byte, error) {
		return coroutine.YieldFrom(y, d.httpGet(d.flagURL(cc)))
	})
}

func (d *asyncio) getCountry(cc string) coro[string] {
	return coroutine.New(func(y *loop.Yielder) (string, error) {
		metadata, err := coroutine.YieldFrom(y, d.httpGet(d.metadataURL(cc)))
		if err != nil {
			return "", err
		}
		return countryIn(metadata)
	})
}

func (d *asyncio) downloadOne(cc string) coro[Result] {
	return coroutine.New(func(y *loop.Yielder) (Result, error) {
		var image []byte
		name := cc
		err := d.semaphore.With(y, func() (err error) {
			image, err = coroutine.YieldFrom(y, d.getFlag(cc))
			return err
		})
		if err == nil && d.names {
			err = d.semaphore.With(y, func() (err error) {
				name, err = coroutine.YieldFrom(y, d.getCountry(cc))
				return err
			})
		}
		if err == nil {
			_, err = coroutine.YieldFrom(y, d.save(filename(name), image))
		}
		if errors.Is(err, loop.ErrCancelled) {
			return Result{}, err
		}
		return resultOf(cc, err), nil
	})
}

// save writes the file on the executor. A file cannot be given up halfway: if the
// task is cancelled meanwhile, it is saved and counts.
func (d *asyncio) save(name string, image []byte) coro[struct{}] {
	return coroutine.New(func(y *loop.Yielder) (struct{}, error) {
		l := loop.Running(y)
		saved := loop.RunInExecutor(l, nil, func() (struct{}, error) {
			return struct{}{}, saveFlag(d.dir, name, image)
		})
		_, err := loop.ShieldFuture(l, saved).Await(y)
		if errors.Is(err, loop.ErrCancelled) {
			return saved.Await(y)
		}
		return struct{}{}, err
	})
}

func (d *asyncio) supervisor() coro[Tally] {
	return coroutine.New(func(y *loop.Yielder) (tally Tally, err error) {
		l := loop.Running(y)
		d.session = &client.Client{Timeouts: client.Timeouts{Total: d.timeout}}
		defer d.session.Close()
		d.semaphore = loop.NewSemaphore(d.concurReq)

		var toDo []*loop.Task[Result]
		left := make(map[*loop.Future[Result]]bool)
		for _, cc := range d.ccList {
			t := loop.Go(l, loop.From(d.downloadOne(cc)))
			toDo = append(toDo, t)
			left[&t.Future] = true
		}
		count := func(f *loop.Future[Result]) {
			delete(left, f)
			if res, err := f.Result(); err == nil {
				tally[res.Status]++
				d.display.show(res)
			}
		}
		toDoIter := loop.AsCompletedFutures(l, loop.Awaitables(toDo)...)
		for toDoIter.Left() > 0 {
			future, err := toDoIter.NextFuture(y)
			if err != nil { // Ctrl-C cancels this task
				break
			}
			count(future)
		}
		for _, t := range toDo {
			t.Cancel()
		}
		for _, t := range toDo {
			if left[&t.Future] {
				_, _ = t.Await(y)
				count(&t.Future)
			}
		}
		return tally, nil
	})
}

func downloadManyAsyncio(j *job) (Tally, error) {
	d := &asyncio{job: j}
	return loop.Run(loop.From(d.supervisor()))
}
