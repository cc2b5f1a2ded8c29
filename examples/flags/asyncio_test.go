package main

import (
	"os"
	"path/filepath"
	"testing"

	"coloop/loop"
)

// A task that is cancelled while its file is being saved waits for that, so that
// the tally tells what is in the folder.
func TestCancelWhileSaving(t *testing.T) {
	dir := t.TempDir()
	_, err := loop.Run(func(y *loop.Yielder) (struct{}, error) {
		l := loop.Running(y)
		executor, err := loop.NewExecutor(1)
		if err != nil {
			return struct{}{}, err
		}
		l.SetDefaultExecutor(executor)
		busy := make(chan struct{})
		if err := executor.Submit(func() { <-busy }); err != nil {
			return struct{}{}, err
		}

		d := &asyncio{job: &job{dir: dir}}
		saving := loop.Go(l, loop.From(d.save("CN.gif", []byte("GIF"))))
		if err := loop.Sleep(y, 0); err != nil {
			return struct{}{}, err
		}
		saving.Cancel()
		if err := loop.Sleep(y, 0); err != nil {
			return struct{}{}, err
		}
		if saving.Done() {
			t.Error("the task did not wait")
		}
		close(busy)
		return saving.Await(y)
	})
	if err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "CN.gif")); err != nil || string(got) != "GIF" {
		t.Errorf("saved %q, %v", got, err)
	}
}
