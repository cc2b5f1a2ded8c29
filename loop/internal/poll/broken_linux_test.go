package poll_test

import (
	"testing"
	"time"

	"coloop/loop"
)

// TestD10Timer: a timer that cannot be set ends the Wait that needs it, and the loop.
func TestD10Timer(t *testing.T) {
	p := open(t)
	l := loop.NewOn(p)
	restore := p.BreakTimer()
	l.CallLater(time.Hour, func() {})
	expectBroken(t, "Wait", p.Wait(time.Hour, nothing))
	expectBroken(t, "RunForever", l.RunForever())
	restore()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestD10Both: without flag and timer, a Wait that comes after the failure still ends
// with it.
func TestD10Both(t *testing.T) {
	p := open(t)
	flag := breakFlag(t, p, true)
	timer := p.BreakTimer()
	expectBroken(t, "Wait that may not wait", p.Wait(0, nothing))
	p.Wake()
	expectBroken(t, "Wait", p.Wait(time.Hour, nothing))
	timer()
	flag()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
