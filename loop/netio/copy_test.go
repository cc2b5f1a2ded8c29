//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
)

// tempFile returns an open file of n bytes, and these.
func tempFile(t testing.TB, n int) (*os.File, []byte) {
	t.Helper()
	path, data := filepath.Join(t.TempDir(), "f"), noise(n)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, data
}

// masked is a file that reads in a way of its own.
type masked struct{ *os.File }

func (m masked) Read(b []byte) (int, error) {
	n, err := m.File.Read(b)
	mask(b[:n])
	return n, err
}

func mask(b []byte) []byte {
	for i := range b {
		b[i] ^= 0x55
	}
	return b
}

// TestCopyTo copies to a connection what comes from readers of every kind, in a task and elsewhere.
func TestCopyTo(t *testing.T) {
	const size = 3<<20 + 7
	f, data := tempFile(t, size)
	from := func(offset int) *os.File {
		if _, err := f.Seek(int64(offset), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		return f
	}
	rest := &io.LimitedReader{}
	for name, tt := range map[string]struct {
		src  func() io.Reader
		want []byte
	}{
		"file":          {func() io.Reader { return from(0) }, data},
		"file's rest":   {func() io.Reader { return from(size - 10) }, data[size-10:]},
		"file's end":    {func() io.Reader { return from(size) }, nil},
		"part":          {func() io.Reader { *rest = io.LimitedReader{R: from(5), N: 1 << 20}; return rest }, data[5 : 5+1<<20]},
		"none":          {func() io.Reader { return io.LimitReader(from(0), 0) }, nil},
		"wrapped file":  {func() io.Reader { return io.LimitReader(masked{from(0)}, size) }, mask(bytes.Clone(data))},
		"reader":        {func() io.Reader { return struct{ io.Reader }{bytes.NewReader(data)} }, data},
		"limited":       {func() io.Reader { return io.LimitReader(bytes.NewReader(data), 9) }, data[:9]},
		"another's end": {func() io.Reader { return io.MultiReader() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				copies := map[string]func(y *loop.Yielder, fn func() error) error{
					"here": func(_ *loop.Yielder, fn func() error) error { return fn() }, "elsewhere": elsewhere}
				for where, do := range copies {
					got := make([]byte, len(tt.want))
					err := together(y, func(y *loop.Yielder) error {
						return do(y, func() error {
							src := tt.src()
							n, err := io.Copy(a, src)
							if n != int64(len(tt.want)) {
								t.Errorf("%s: copied %d, want %d", where, n, len(tt.want))
							}
							if l, ok := src.(*io.LimitedReader); ok && l.N != 0 {
								t.Errorf("%s: %d left of the limit", where, l.N)
							}
							return err
						})
					}, func(*loop.Yielder) error { _, err := io.ReadFull(b, got); return err })
					if err != nil {
						return err
					}
					if !bytes.Equal(got, tt.want) {
						t.Errorf("%s: the bytes are not those of the reader", where)
					}
				}
				return nil
			})
		})
	}
}

// TestCopyFromProc: a file whose size is not known beforehand.
func TestCopyFromProc(t *testing.T) {
	f, err := os.Open("/proc/self/limits")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		n, err := io.Copy(a, f)
		got, err2 := io.ReadAll(io.LimitReader(b, n))
		if n < 100 || !bytes.HasPrefix(got, []byte("Limit ")) {
			t.Errorf("copied %d: %.20q", n, got)
		}
		return errors.Join(err, err2)
	})
}

// TestCopyBetween is a proxy: what comes at one connection goes to another.
func TestCopyBetween(t *testing.T) {
	data := noise(4<<20 + 3)
	for name, proxy := range map[string]func(y *loop.Yielder, to, from *Conn) (int64, error){
		"WriteTo":  func(_ *loop.Yielder, to, from *Conn) (int64, error) { return io.Copy(to, from) },
		"ReadFrom": func(_ *loop.Yielder, to, from *Conn) (int64, error) { return to.ReadFrom(from) },
		"CopyN":    func(_ *loop.Yielder, to, from *Conn) (int64, error) { return io.CopyN(to, from, int64(len(data))) },
		"a writer": func(_ *loop.Yielder, to, from *Conn) (int64, error) {
			return io.Copy(struct{ io.Writer }{to}, from)
		},
		"a reader": func(_ *loop.Yielder, to, from *Conn) (int64, error) {
			return io.Copy(to, struct{ io.Reader }{from})
		},
		"elsewhere": func(y *loop.Yielder, to, from *Conn) (n int64, err error) {
			err = elsewhere(y, func() (err error) { n, err = io.Copy(to, from); return err })
			return n, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
				a, b, err := connPair(y, network, address)
				if err != nil {
					return err
				}
				c, d, err := connPair(y, network, address)
				if err != nil {
					return err
				}
				return together(y, func(*loop.Yielder) error {
					_, err := a.Write(data)
					return errors.Join(err, a.CloseWrite())
				}, func(y *loop.Yielder) error {
					n, err := proxy(y, c, b)
					if n != int64(len(data)) {
						t.Errorf("copied %d", n)
					}
					return errors.Join(err, c.CloseWrite())
				}, func(*loop.Yielder) error {
					got, err := io.ReadAll(d)
					if !bytes.Equal(got, data) {
						t.Errorf("%d bytes, or others", len(got))
					}
					return err
				})
			})
		})
	}
}

// TestCopyEcho has a connection copied to itself.
func TestCopyEcho(t *testing.T) {
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		return together(y, func(*loop.Yielder) error {
			_, err := io.Copy(a, a)
			return errors.Join(err, a.Close())
		}, func(*loop.Yielder) error {
			for i := range 100 {
				if s := fmt.Sprint(i); true {
					if err := say(b, s, s); err != nil {
						return err
					}
				}
			}
			return b.CloseWrite()
		})
	})
}

// TestCopyInterrupted ends copies of a file to a peer that does not read: not a byte is lost, or
// sent twice, if the copy is begun again.
func TestCopyInterrupted(t *testing.T) {
	const size = 16 << 20
	f, data := tempFile(t, size)
	for name, end := range map[string]func(y *loop.Yielder, c *Conn, copying *loop.Task[struct{}]) error{
		"cancelled": func(_ *loop.Yielder, _ *Conn, copying *loop.Task[struct{}]) error {
			copying.Cancel()
			return loop.ErrCancelled
		},
		"deadline": func(y *loop.Yielder, c *Conn, _ *loop.Task[struct{}]) error {
			_ = c.WriteBy(c.Loop().Time() + time.Second)
			looptest.Advance(y, time.Second)
			return os.ErrDeadlineExceeded
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
				if _, err := f.Seek(0, io.SeekStart); err != nil {
					return err
				}
				var n int64
				copying := loop.Spawn(y, func(*loop.Yielder) (err error) { n, err = io.Copy(a, f); return err })
				if err := until(y, func() bool { return a.d.wr.busy && !a.d.wr.ready }); err != nil {
					return err
				}
				want := end(y, a, copying)
				_, err := copying.Await(y)
				wantErr(t, "the copy", err, want)
				if at, err := f.Seek(0, io.SeekCurrent); at != n || n == 0 || err != nil {
					t.Errorf("%d written, and the file is at %d, %v", n, at, err)
				}
				if err := a.WriteBy(-1); err != nil {
					return err
				}
				return together(y, func(*loop.Yielder) error {
					_, err := io.Copy(a, f)
					return errors.Join(err, a.CloseWrite())
				}, func(*loop.Yielder) error {
					got, err := io.ReadAll(b)
					if !bytes.Equal(got, data) {
						t.Errorf("%d bytes, or others", len(got))
					}
					return err
				})
			})
		})
	}
}

// TestCopyBetweenInterrupted: of a copy that is cancelled while it waits for its source, nothing is
// lost either.
func TestCopyBetweenInterrupted(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		a, b, err := connPair(y, network, address)
		if err != nil {
			return err
		}
		c, d, err := connPair(y, network, address)
		if err != nil {
			return err
		}
		for i := range 20 {
			copying := loop.Spawn(y, func(*loop.Yielder) error { _, err := io.Copy(c, b); return err })
			first, second := fmt.Sprint("first ", i), fmt.Sprint("second ", i)
			if err := errors.Join(say(a, first), hear(d, first)); err != nil {
				return err
			}
			if err := until(y, func() bool { return b.d.rd.busy && !b.d.rd.ready }); err != nil {
				return err
			}
			cancel(y, t, "copy", copying)
			if err := errors.Join(say(a, second), hear(b, second)); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestCopyFair: others have turns while a file goes to a peer that is always ready.
func TestCopyFair(t *testing.T) {
	const size = 32 << 20
	f, _ := tempFile(t, size)
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		turns, before := 0, int64(0)
		ticker := loop.Spawn(y, func(y *loop.Yielder) error {
			for ; ; turns++ {
				at, err := f.Seek(0, io.SeekCurrent)
				if err != nil {
					return err
				}
				if at-before > 1<<20 {
					t.Errorf("%d bytes in one turn", at-before)
				}
				before = at
				if err := loop.Sleep(y, 0); err != nil {
					return err
				}
			}
		})
		err = together(y, func(*loop.Yielder) error {
			_, err := io.Copy(a, f)
			return errors.Join(err, a.CloseWrite())
		}, func(*loop.Yielder) error {
			n, err := b.WriteTo(io.Discard)
			if n != size {
				t.Errorf("%d bytes", n)
			}
			return err
		})
		if turns < size>>20 {
			t.Errorf("%d turns", turns)
		}
		cancel(y, t, "ticker", ticker)
		return err
	})
}

// TestCopyFailures: the peer of either end is gone, or the file is closed.
func TestCopyFailures(t *testing.T) {
	f, _ := tempFile(t, 1<<20)
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		closed, _ := tempFile(t, 10)
		_ = closed.Close()
		_, err := io.Copy(a, closed)
		wantErr(t, "of a closed file", err, os.ErrClosed)
		if err := b.Close(); err != nil {
			return err
		}
		for err = nil; err == nil; {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return err
			}
			_, err = io.Copy(a, f)
		}
		if err == nil {
			t.Error("copied to a peer that is gone")
		}
		_ = a.Close()
		_, err = io.Copy(a, f)
		wantErr(t, "to a closed connection", err, net.ErrClosed)
		return nil
	})
}

// TestCopyMoved: where the system can copy, it does.
func TestCopyMoved(t *testing.T) {
	if !canMove {
		t.Skip("this system does not")
	}
	eachPair(t, func(t *testing.T, y *loop.Yielder, a, b *Conn) error {
		f, _ := tempFile(t, 10)
		defer f.Close()
		if err := say(b, "0123456789"); err != nil {
			return err
		}
		for name, src := range map[string]io.Reader{"a file": f, "a connection": a} {
			n, handled, err := a.move(src, 10)
			if n != 10 || !handled || err != nil {
				t.Errorf("%s: %d, %t, %v", name, n, handled, err)
			}
		}
		return nil
	})
}

// BenchmarkCopy is 16 MB of a file, or from another connection, to a connection, against
// a copy loop with a buffer of the same size.
func BenchmarkCopy(b *testing.B) {
	const size = 16 << 20
	f, data := tempFile(b, size)
	run := func(b *testing.B, copyTo func(to, from *Conn) error) {
		b.SetBytes(size)
		benchNet(b, func(y *loop.Yielder, l *loop.Loop) error {
			in, from, err := connPair(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			to, out, err := connPair(y, "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			for b.Loop() {
				err := together(y, func(*loop.Yielder) error { return copyTo(to, from) }, func(*loop.Yielder) error {
					if f != nil {
						return nil
					}
					_, err := in.Write(data)
					return err
				}, func(*loop.Yielder) error {
					_, err := io.Copy(io.Discard, io.LimitReader(out, size))
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	plainly := func(to *Conn, from io.Reader) error {
		_, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, copySize))
		return err
	}
	file := func() io.Reader { _, _ = f.Seek(0, io.SeekStart); return f }
	b.Run("sendfile", func(b *testing.B) { run(b, func(to, _ *Conn) error { _, err := io.Copy(to, file()); return err }) })
	b.Run("fileloop", func(b *testing.B) { run(b, func(to, _ *Conn) error { return plainly(to, file()) }) })
	f = nil
	b.Run("splice", func(b *testing.B) {
		run(b, func(to, from *Conn) error { _, err := io.CopyN(to, from, size); return err })
	})
	b.Run("connloop", func(b *testing.B) {
		run(b, func(to, from *Conn) error { return plainly(to, io.LimitReader(from, size)) })
	})
}
