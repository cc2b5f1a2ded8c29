package loop

import (
	"os"
	"time"

	"coloop/loop/internal/poll"
)

// New returns a loop on the operating system's clock and poller. It must be
// closed. It may be made on any goroutine. A goroutine that is locked to its
// thread can run only loops that no other goroutine has run, and it must close
// them itself.
func New() (*Loop, error) {
	p, err := poll.Open()
	if err != nil {
		return nil, err
	}
	return fromEnvironment(NewOn(p)), nil
}

// fromEnvironment switches debug mode (PYTHONASYNCIODEBUG) and the watchdog on if the
// environment says so.
func fromEnvironment(l *Loop) *Loop {
	if os.Getenv("COLOOP_DEBUG") != "" {
		l.SetDebug(&Debug{})
	}
	if s := os.Getenv("COLOOP_WATCHDOG"); s != "" {
		limit, _ := time.ParseDuration(s) // 1 or on, say, are the usual limit
		l.SetWatchdog(&Watchdog{Limit: max(0, limit)})
	}
	return l
}
