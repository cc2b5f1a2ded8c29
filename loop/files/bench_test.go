package files_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/files"
)

const (
	manyFiles = 10_000
	fileSize  = 10_000
)

// BenchmarkManyFiles writes and reads 10,000 files of 10 KB: with plain blocking code, on one
// goroutine and on as many as the loop's executor has; with that blocking code in a task; and with
// this package. Where there is a loop, one of its tasks is to wake up every millisecond: late-ms is
// by how much it was late at most, late99-ms by how much in 99 of 100 cases. The last case has
// nothing but this task, and shows what the machine itself does to it.
//
//	go test ./loop/files -run '^$' -bench ManyFiles -benchtime 1x -count 5
func BenchmarkManyFiles(b *testing.B) {
	data := bytes.Repeat([]byte("0123456789"), fileSize/10)
	for _, bb := range []struct {
		name string
		run  func(b *testing.B, dir string, data []byte)
	}{
		{"blocking", func(b *testing.B, dir string, data []byte) {
			for i := range manyFiles {
				if err := oneBlocking(dir, i, data); err != nil {
					b.Fatal(err)
				}
			}
		}},
		{"goroutines", func(b *testing.B, dir string, data []byte) {
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := w; i < manyFiles; i += workers {
						if err := oneBlocking(dir, i, data); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
		}},
		{"blocking in a task", func(b *testing.B, dir string, data []byte) {
			withTicker(b, func(y *loop.Yielder) error {
				for i := range manyFiles {
					if err := oneBlocking(dir, i, data); err != nil {
						return err
					}
					if err := loop.Sleep(y, 0); err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"files", func(b *testing.B, dir string, data []byte) {
			withTicker(b, func(y *loop.Yielder) error {
				var tasks loop.TaskGroup
				return tasks.Run(y, func() error {
					for w := range atATime {
						tasks.Go(func(y *loop.Yielder) error {
							for i := w; i < manyFiles; i += atATime {
								if err := one(y, dir, i, data); err != nil {
									return err
								}
							}
							return nil
						})
					}
					return nil
				})
			})
		}},
		{"nothing", func(b *testing.B, dir string, data []byte) {
			withTicker(b, func(y *loop.Yielder) error { return loop.Sleep(y, 200*time.Millisecond) })
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(2 * manyFiles * fileSize)
			for b.Loop() {
				b.StopTimer()
				dir := b.TempDir()
				b.StartTimer()
				bb.run(b, dir, data)
				b.StopTimer()
				_ = os.RemoveAll(dir)
				b.StartTimer()
			}
		})
	}
}

const (
	workers = 6
	atATime = 64
)

func oneBlocking(dir string, i int, data []byte) error {
	name := filepath.Join(dir, fmt.Sprint(i))
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return err
	}
	got, err := os.ReadFile(name)
	return same(got, data, err)
}

func one(y *loop.Yielder, dir string, i int, data []byte) error {
	name := filepath.Join(dir, fmt.Sprint(i))
	if err := files.WriteFile(y, name, data, 0o600); err != nil {
		return err
	}
	got, err := files.ReadFile(y, name)
	return same(got, data, err)
}

func same(got, want []byte, err error) error {
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("read %d bytes, not those that were written", len(got))
	}
	return err
}

// withTicker runs fn in a task beside one that is to wake up every millisecond, and reports how
// late that one was.
func withTicker(b *testing.B, fn func(y *loop.Yielder) error) {
	var late []time.Duration
	err := loop.Main(func(y *loop.Yielder) error {
		ticker := loop.Spawn(y, func(y *loop.Yielder) error {
			for {
				due := time.Now().Add(time.Millisecond)
				if err := loop.Sleep(y, time.Millisecond); err != nil {
					return err
				}
				late = append(late, time.Since(due))
			}
		})
		err := fn(y)
		ticker.Cancel()
		_, _ = ticker.Await(y) // the cancellation
		return err
	})
	if err != nil || len(late) == 0 {
		b.Fatal(len(late), err)
	}
	slices.Sort(late)
	b.ReportMetric(late[len(late)-1].Seconds()*1e3, "late-ms")
	b.ReportMetric(late[len(late)*99/100].Seconds()*1e3, "late99-ms")
}
