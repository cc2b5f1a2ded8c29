package loop_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"coloop/loop"
)

// TestA13LockedThread: a loop made on one goroutine runs on another that is locked to
// its thread.
func TestA13LockedThread(t *testing.T) {
	for name, open := range map[string]func() (*loop.Loop, error){
		"virtual": func() (*loop.Loop, error) { l, _ := loop.NewVirtual(); return l, nil },
		"real":    loop.New,
	} {
		t.Run(name, func(t *testing.T) {
			l, err := open()
			expectErr(t, "open", err, nil)
			task := loop.Go(l, after(0, 7, nil)) // made here as well
			g := loop.NewCoroutine(l, after(0, 8, nil))
			done := make(chan struct{})
			go func() {
				defer close(done)
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				for range 2 {
					_, err := loop.RunUntilComplete(l, loop.Func[any](func(y *loop.Yielder) (any, error) {
						_, err := loop.Gather(y, after(0, 1, nil), after(0, 2, nil)).Await(y)
						return nil, errors.Join(err, loop.Sleep(y, time.Microsecond))
					}))
					expectErr(t, "run", err, nil)
				}
				v, err := task.Result()
				expect(t, "task", v, 7)
				w, err2 := loop.RunUntilComplete(l, loop.CreateTask(l, g))
				expect(t, "coroutine", w, 8)
				expectErr(t, "all", errors.Join(err, err2, l.Close()), nil)
			}()
			<-done
		})
	}
}

// TestA13LockInTask: what LockOSThread in a task does is as documented: fine if it is
// taken back before the task waits, else the end of the process.
func TestA13LockInTask(t *testing.T) {
	const variable = "COLOOP_TEST_LOCKED_TASK"
	switch os.Getenv(variable) {
	case "kept":
		play(t, func(y *loop.Yielder, l *loop.Loop) {
			runtime.LockOSThread()
			loop.Sleep(y, 0)
		})
		return
	}
	play(t, func(y *loop.Yielder, l *loop.Loop) {
		runtime.LockOSThread()
		runtime.UnlockOSThread()
		expectErr(t, "taken back", loop.Sleep(y, 0), nil)
	})
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestA13LockInTask$")
	cmd.Env = append(os.Environ(), variable+"=kept")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "coroswitch") {
		t.Errorf("kept: %v, output:\n%s", err, out)
	}
}
