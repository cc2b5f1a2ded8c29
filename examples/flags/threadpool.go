package main

import (
	"context"
	"sync"
)

// The second generation: as many goroutines as there may be requests at a time
// do what the first generation does. What threads do in Python goroutines do in
// Go; each waits for its own reply, and the results meet in a channel.

func downloadManyThreadpool(ctx context.Context, j *job) (tally Tally, err error) {
	d := newBlocking(j)
	defer d.client.CloseIdleConnections()

	toDo := make(chan string, len(j.ccList))
	for _, cc := range j.ccList {
		toDo <- cc
	}
	close(toDo)

	done := make(chan Result)
	var workers sync.WaitGroup
	for range j.concurReq {
		workers.Go(func() {
			for cc := range toDo {
				res, err := d.downloadOne(ctx, cc)
				if err != nil {
					return
				}
				done <- res
			}
		})
	}
	go func() {
		workers.Wait()
		close(done)
	}()

	for res := range done {
		tally[res.Status]++
		j.display.show(res)
	}
	return tally, nil
}
