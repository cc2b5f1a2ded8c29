package pool_test

import (
	"fmt"
	"testing"

	"coloop/loop"
)

// inTask runs fn in a task of a loop on the system's clock.
func inTask(tb testing.TB, fn func(y *loop.Yielder)) {
	l, err := loop.New()
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	task := loop.Spawn(l, func(y *loop.Yielder) error { fn(y); return nil })
	if _, err := loop.RunUntilComplete(l, task); err != nil {
		tb.Fatal(err)
	}
}

// pair takes an idle connection and releases it.
func pair(tb testing.TB, y *loop.Yielder, p *conns, key string) {
	pl, err := p.Take(y, p.Host(loop.Running(y), key), loop.NoTimeout)
	if err != nil || !pl.Open() {
		tb.Fatal(pl, err)
	}
	pl.Release()
}

func filled(tb testing.TB, y *loop.Yielder, key string) *conns {
	p := &conns{}
	pl, err := p.Take(y, p.Host(loop.Running(y), key), loop.NoTimeout)
	if err != nil {
		tb.Fatal(err)
	}
	if err := pl.Fill(&conn{}); err != nil {
		tb.Fatal(err)
	}
	pl.Release()
	return p
}

// TestPairAllocatesNothing: a request on an open connection costs the pool no memory.
func TestPairAllocatesNothing(t *testing.T) {
	inTask(t, func(y *loop.Yielder) {
		const key = "https://a.host.whose.name.is.longer.than.small.buffers:443"
		p := filled(t, y, key)
		if n := testing.AllocsPerRun(1000, func() { pair(t, y, p, key) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// BenchmarkPair takes and releases an idle connection of one host.
func BenchmarkPair(b *testing.B) {
	inTask(b, func(y *loop.Yielder) {
		p := filled(b, y, "a")
		h := p.Host(loop.Running(y), "a")
		b.ReportAllocs()
		for b.Loop() {
			pl, err := p.Take(y, h, loop.NoTimeout)
			if err != nil {
				b.Fatal(err)
			}
			pl.Release()
		}
	})
}

// BenchmarkCrawl has that many tasks wait for the only place, each for a host of its own. A
// turn is from one task's Drop to the next one's.
func BenchmarkCrawl(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			inTask(b, func(y *loop.Yielder) {
				p := &conns{MaxConns: 1}
				l := loop.Running(y)
				pl, _ := p.Take(y, p.Host(l, "main"), loop.NoTimeout)
				for i := range n {
					key := fmt.Sprint(i)
					loop.Spawn(y, func(y *loop.Yielder) error {
						for {
							pl, err := p.Take(y, p.Host(l, key), loop.NoTimeout)
							if err != nil {
								return nil
							}
							pl.Drop()
						}
					})
				}
				for p.Stats().Waiting < n {
					_ = loop.Sleep(y, 0)
				}
				for b.Loop() { // all have a turn
					pl.Drop()
					var err error
					if pl, err = p.Take(y, p.Host(l, "main"), loop.NoTimeout); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(n), "ns/turn")
				_ = p.Close()
				pl.Drop()
				for p.Stats().Waiting > 0 || p.Hosts() > 0 {
					_ = loop.Sleep(y, 0)
				}
			})
		})
	}
}
