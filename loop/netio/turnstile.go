//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import "coloop/loop"

// A turnstile lets one task at a time through, first come, first served.
type turnstile struct {
	busy bool
	lot  loop.ParkingLot
}

// enter parks the running task of l until it is its turn; leave lets the next one in. kind
// says what the task does, and to what owner.
func (t *turnstile) enter(l *loop.Loop, kind string, owner any) error {
	if !t.busy {
		t.busy = true
		return nil
	}
	t.lot.Kind, t.lot.Owner = kind, owner
	woken, err := t.lot.ParkCurrent(l, nil)
	if err != nil && woken {
		t.leave()
	}
	return err
}

func (t *turnstile) leave() { _, t.busy = t.lot.Unpark() }
