package loop

import (
	"runtime"
	"testing"
	"time"
)

// TestA9MemoryIsGivenBack: many tasks at once, then none: their stacks, and the room
// for their handles and timers, are given back, a part at each tidying.
func TestA9MemoryIsGivenBack(t *testing.T) {
	const n = 20_000
	l, _ := NewVirtual()
	before := runtime.NumGoroutine()
	var lot ParkingLot
	for i := range n {
		Go(l, func(y *Yielder) (any, error) {
			if err := Sleep(y, time.Duration(i)); err != nil {
				return nil, err
			}
			_, err := lot.Park(y, nil)
			return nil, err
		})
	}
	l.CallLater(time.Second, func() {
		for _, ok := lot.Unpark(); ok; _, ok = lot.Unpark() {
		}
	})
	l.CallLater(2*time.Second, l.Stop)
	if err := l.RunForever(); err != nil {
		t.Fatal(err)
	}
	l.ran = true
	turns := 0
	for ; l.ran; turns++ {
		l.tidy()
	}
	if turns < 3 || turns > 20 {
		t.Errorf("it took %d tidyings", turns)
	}
	for what, got := range map[string]int{
		"goroutines":           runtime.NumGoroutine() - before,
		"room for handles":     len(l.ready.items),
		"room for timers":      cap(l.timers.heap),
		"sleepers":             len(l.freeSleepers.(*freeList[sleeper]).items),
		"parked":               len(l.freeParked.(*freeList[parked]).items),
		"room for their list":  cap(l.freeParked.(*freeList[parked]).items),
		"room for other calls": cap(l.incoming),
	} {
		if got > 2*smallest {
			t.Errorf("%d %s are kept", got, what)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestA9Needed: the loop keeps what it needs again and again.
func TestA9Needed(t *testing.T) {
	l, _ := NewVirtual()
	defer l.Close()
	for range 5 {
		for range 1000 {
			Go(l, func(y *Yielder) (any, error) { return nil, Sleep(y, time.Second) })
		}
		l.CallLater(2*time.Second, l.Stop)
		if err := l.RunForever(); err != nil {
			t.Fatal(err)
		}
		l.tidy()
		if n := len(l.freeSleepers.(*freeList[sleeper]).items); n != 1000 {
			t.Errorf("%d sleepers are kept", n)
		}
		if n := len(l.ready.items); n < 1000 {
			t.Errorf("room for %d handles is kept", n)
		}
	}
}

// TestA9Tidier: a loop that waits for nothing is woken to be tidied.
func TestA9Tidier(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	l.freeParked = trimmed(l.Stop)
	l.CallSoon(func() { go l.askToTidy() }) // what the timer does
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	if !l.ran {
		t.Error("nothing has asked for another tidying")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// trimmed is called when it is trimmed, and has always more to give.
type trimmed func()

func (fn trimmed) trim() bool {
	fn()
	return true
}

// TestA9CancelledHandles let go of their callbacks at once.
func TestA9CancelledHandles(t *testing.T) {
	l, _ := NewVirtual()
	defer l.Close()
	const n = 50
	freed := make(chan int, n)
	for i := range n {
		held := new([1 << 16]byte)
		runtime.AddCleanup(held, func(i int) { freed <- i }, i)
		l.CallLater(time.Hour, func() { held[0]++ }).Cancel()
	}
	for range n {
		for free := false; !free; {
			runtime.GC()
			select {
			case <-freed:
				free = true
			default: // the cleanups run on a goroutine of the runtime's
				runtime.Gosched()
			}
		}
	}
}
