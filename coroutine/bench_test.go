package coroutine

import (
	"iter"
	"testing"
)

func nest(depth int) *Generator[int, int, int] {
	if depth == 1 {
		return New(func(y *Yielder[int, int]) (int, error) {
			for i := 0; ; i++ {
				if _, err := y.Yield(i); err != nil {
					return 0, err
				}
			}
		})
	}
	return New(func(y *Yielder[int, int]) (int, error) {
		return YieldFrom(y, nest(depth-1))
	})
}

func BenchmarkSend(b *testing.B) {
	for _, bc := range []struct {
		name  string
		depth int
	}{{"depth=1", 1}, {"depth=10", 10}, {"depth=100", 100}} {
		b.Run(bc.name, func(b *testing.B) {
			g := nest(bc.depth)
			g.Next()
			defer g.Close()
			b.ReportAllocs()
			for b.Loop() {
				g.Send(1)
			}
		})
	}
}

// counter is a stackless Resumable that yields for ever.
type counter struct{ n int }

func (c *counter) Send(int) (int, error)        { c.n++; return c.n, nil }
func (c *counter) Throw(err error) (int, error) { return 0, err }
func (c *counter) Close() (int, error)          { return c.n, nil }

// BenchmarkSendStackless is BenchmarkSend for a hand-written state machine,
// driven as the interface that a scheduler knows it by.
func BenchmarkSendStackless(b *testing.B) {
	resumables := []Resumable[int, int, int]{&counter{}, &counter{}}
	b.ReportAllocs()
	for i := range b.N {
		resumables[i%2].Send(1)
	}
}

func BenchmarkStep(b *testing.B) {
	g := nest(1)
	g.Next()
	defer g.Close()
	s := g.Stepper()
	for b.Loop() {
		s.Step()
	}
}

// BenchmarkHere is the check that a scheduler makes at each park.
func BenchmarkHere(b *testing.B) {
	g := New(func(y *Yielder[int, int]) (int, error) {
		for b.Loop() {
			if !y.Here() {
				b.Fatal("elsewhere")
			}
		}
		return 0, nil
	})
	g.Next()
}

// BenchmarkIterPull is the floor of BenchmarkSend.
func BenchmarkIterPull(b *testing.B) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	})
	defer stop()
	for b.Loop() {
		next()
	}
}

// BenchmarkYieldFrom is a delegation to a generator that ends at once, against
// the plain call of a function that takes the same Yielder.
func BenchmarkYieldFrom(b *testing.B) {
	var pool Pool
	defer pool.Close()
	leaf := func(y *Yielder[int, int]) (int, error) { return 1, nil }
	for _, bc := range []struct {
		name string
		call func(y *Yielder[int, int]) (int, error)
	}{
		{"generator", func(y *Yielder[int, int]) (int, error) { return YieldFrom(y, New(leaf)) }},
		{"call", leaf},
	} {
		b.Run(bc.name, func(b *testing.B) {
			g := NewIn(&pool, func(y *Yielder[int, int]) (int, error) {
				for b.Loop() {
					bc.call(y)
				}
				return 0, nil
			})
			b.ReportAllocs()
			g.Next()
		})
	}
}

func BenchmarkNew(b *testing.B) {
	var pool Pool
	defer pool.Close()
	body := func(y *Yielder[int, int]) (int, error) { return 1, nil }
	for _, bc := range []struct {
		name string
		pool *Pool
	}{{"pooled", &pool}, {"fresh", nil}} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NewIn(bc.pool, body).Next()
			}
		})
	}
}
