package main

import (
	"context"
	"errors"

	"coloop/client"
	"coloop/coroutine"
	"coloop/loop"
)

// The third generation: one goroutine, in which a task for each flag gives way
// to the others wherever it would have to wait.
//
// This writes yield from where the book does: each function below returns a
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

func (d *asyncio) supervisor(ctx context.Context) coro[Tally] {
	return coroutine.New(func(y *loop.Yielder) (tally Tally, err error) {
		d.session = &client.Client{Timeouts: client.Timeouts{Total: d.timeout}}
		defer d.session.Close()
		d.semaphore = loop.NewSemaphore(d.concurReq)

		var toDo []*loop.Task[Result]
		for _, cc := range d.ccList {
			toDo = append(toDo, loop.Go(y, loop.From(d.downloadOne(cc))))
		}
		defer cancelWith(ctx, loop.Running(y), toDo)() // Ctrl-C

		for res, err := range loop.AsCompletedFutures(y, loop.Awaitables(toDo)...).All(y) {
			if errors.Is(err, loop.ErrCancelled) {
				continue
			} else if err != nil {
				return tally, err
			}
			tally[res.Status]++
			d.display.show(res)
		}
		return tally, nil
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

// save writes the file, in a task that nobody cancels: if the task of y is cancelled
// meanwhile, the file is saved all the same and counts.
func (d *asyncio) save(name string, image []byte) coro[struct{}] {
	return coroutine.New(func(y *loop.Yielder) (struct{}, error) {
		saving := loop.Spawn(y, func(y *loop.Yielder) error { return d.folder.saveParked(y, name, image) })
		return seeThrough(y, &saving.Future)
	})
}

func downloadManyAsyncio(ctx context.Context, j *job) (Tally, error) {
	d := &asyncio{job: j}
	return loop.Run(func(y *loop.Yielder) (Tally, error) {
		// Ctrl-C cancels this task. The supervisor has to count what is left.
		supervisor := loop.Go(y, loop.From(d.supervisor(ctx)))
		return seeThrough(y, &supervisor.Future)
	})
}
