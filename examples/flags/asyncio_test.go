package main

import (
	"os"
	"path/filepath"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"
)

// A task that is cancelled while its file is being saved waits for that, however
// often it is cancelled, so that the tally tells what is in the folder.
func TestD11CancelsWhileSaving(t *testing.T) {
	for cancels := range 4 {
		dir := t.TempDir()
		executor, err := loop.NewExecutor(1)
		if err != nil {
			t.Fatal(err)
		}
		busy := make(chan struct{})
		if err := executor.Submit(func() { <-busy }); err != nil {
			t.Fatal(err)
		}
		looptest.Run(t, func(y *loop.Yielder) error {
			if err := loop.Running(y).SetDefaultExecutor(executor); err != nil {
				return err
			}
			d := &asyncio{job: &job{folder: newFolder(dir)}}
			saving := loop.Go(y, loop.From(d.save("CN.gif", []byte("GIF"))))
			for range cancels + 1 {
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
				if saving.Done() {
					t.Errorf("%d cancels: the task did not wait", cancels)
				}
				if cancels > 0 {
					saving.Cancel()
				}
			}
			close(busy)
			_, err := saving.Await(y)
			return err
		})
		executor.Shutdown(true)
		if got, err := os.ReadFile(filepath.Join(dir, "CN.gif")); err != nil || string(got) != "GIF" {
			t.Errorf("%d cancels: saved %q, %v", cancels, got, err)
		}
	}
}

// A task whose file is saved, but who has not learned of it when it is cancelled.
func TestD11CancelBetweenSavedAndTold(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		saved := loop.NewFuture[struct{}](loop.Running(y))
		saving := loop.Spawn(y, func(y *loop.Yielder) error { _, err := seeThrough(y, saved); return err })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		if err := saved.SetResult(struct{}{}); err != nil {
			return err
		}
		saving.Cancel()
		_, err := saving.Await(y)
		return err
	})
}

// A panic while a file is saved is that flag's error, no interruption.
func TestPanicWhileSaving(t *testing.T) {
	was := beforeRename
	beforeRename = func(string, string) error { panic("disk on fire") }
	defer func() { beforeRename = was }()
	out := runIn(t, t.TempDir(), "-s", "LOCAL", "cn")
	out.check(t, exitFailed, "  1 failed\n", "disk on fire", 0)
}
