package main

import (
	"os"
	"path/filepath"
	"testing"

	"coloop/loop"
)

// A task that is cancelled while its file is being saved waits for that, however
// often it is cancelled, so that the tally tells what is in the folder.
func TestD11CancelsWhileSaving(t *testing.T) {
	for cancels := range 4 {
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

			d := &asyncio{job: &job{folder: &folder{path: dir}}}
			saving := loop.Go(l, loop.From(d.save("CN.gif", []byte("GIF"))))
			for range cancels + 1 {
				if err := loop.Sleep(y, 0); err != nil {
					return struct{}{}, err
				}
				if saving.Done() {
					t.Errorf("%d cancels: the task did not wait", cancels)
				}
				if cancels > 0 {
					saving.Cancel()
				}
			}
			close(busy)
			return saving.Await(y)
		})
		if err != nil {
			t.Errorf("%d cancels: %v", cancels, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "CN.gif")); err != nil || string(got) != "GIF" {
			t.Errorf("%d cancels: saved %q, %v", cancels, got, err)
		}
	}
}

// A task whose file is saved, but who has not learned of it when it is cancelled.
func TestD11CancelBetweenSavedAndTold(t *testing.T) {
	_, err := loop.Run(func(y *loop.Yielder) (struct{}, error) {
		l := loop.Running(y)
		saved := loop.NewFuture[struct{}](l)
		saving := loop.Go(l, func(y *loop.Yielder) (struct{}, error) { return seeThrough(y, saved) })
		if err := loop.Sleep(y, 0); err != nil {
			return struct{}{}, err
		}
		if err := saved.SetResult(struct{}{}); err != nil {
			return struct{}{}, err
		}
		saving.Cancel()
		return saving.Await(y)
	})
	if err != nil {
		t.Error(err)
	}
}

// A panic while a file is saved is that flag's error, no interruption.
func TestPanicWhileSaving(t *testing.T) {
	rename = func(string, string) error { panic("disk on fire") }
	defer func() { rename = os.Rename }()
	out := runIn(t, t.TempDir(), "-s", "LOCAL", "cn")
	out.check(t, exitFailed, "  1 failed\n", "disk on fire", 1)
}
