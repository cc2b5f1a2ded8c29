package looptest_test

import (
	"strings"
	"sync"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"
)

// untilHang lets a test go on once it is reported to block its loop.
type untilHang struct {
	report string
	once   sync.Once
	came   chan bool
}

func (u *untilHang) Write(b []byte) (int, error) {
	if strings.Contains(string(b), ": chan receive in ") {
		u.once.Do(func() {
			u.report = string(b)
			close(u.came)
		})
	}
	return len(b), nil
}

// TestC4HungTest: a test that blocks its loop is told apart while it does, with the call that
// blocks.
func TestC4HungTest(t *testing.T) {
	t.Setenv("COLOOP_WATCHDOG", "")
	u := &untilHang{came: make(chan bool)}
	defer looptest.ReportHangs(u)()
	looptest.Run(t, func(*loop.Yielder) error { <-u.came; return nil })
	for _, want := range []string{
		"looptest: TestC4HungTest: task 'test' blocks its event loop for ",
		": chan receive in looptest_test.TestC4HungTest.func1 at hang_test.go:",
		"\n\tcoloop/loop/looptest_test.TestC4HungTest.func1\n\t\t",
	} {
		if !strings.Contains(u.report, want) {
			t.Errorf("no %q in %q", want, u.report)
		}
	}
}
