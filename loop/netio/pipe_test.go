//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"

	"golang.org/x/sys/unix"
)

// TestPipe: a pipe carries more than it holds, ends, breaks, and keeps deadlines.
func TestPipe(t *testing.T) {
	netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
		r, w, err := Pipe(y)
		if err != nil {
			return err
		}
		raw, err := r.SyscallConn()
		if err != nil {
			return err
		}
		if err := raw.Control(func(fd uintptr) {
			if int(fd) != r.d.fd || !nonblock(t, int(fd)) {
				t.Errorf("the descriptor is %d", fd)
			}
		}); err != nil {
			return err
		}
		sent := noise(1 << 20)
		writer := loop.Spawn(y, func(*loop.Yielder) error {
			_, err := w.Write(sent)
			return errors.Join(err, w.Close())
		})
		got, err := io.ReadAll(r)
		if !bytes.Equal(got, sent) || err != nil {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		if _, err := writer.Await(y); err != nil {
			return err
		}
		_, err = r.Write([]byte("x"))
		wantErr(t, "Write of the reading end", err, syscall.EBADF)
		if err := r.Close(); err != nil {
			return err
		}

		if r, w, err = Pipe(y); err != nil {
			return err
		}
		_, err = w.Read(make([]byte, 1))
		wantErr(t, "Read of the writing end", err, syscall.EBADF)
		reader := loop.Spawn(y, func(*loop.Yielder) error { _, err := r.Read(make([]byte, 1)); return err })
		if err := errors.Join(loop.Sleep(y, 0), r.ReadBy(l.Time()+time.Second)); err != nil {
			return err
		}
		if s := reader.String(); !strings.Contains(s, "wait_for=<Conn.Read of pipe") {
			t.Error(s)
		}
		looptest.Advance(y, time.Second)
		_, err = reader.Await(y)
		wantErr(t, "Read after its deadline", err, os.ErrDeadlineExceeded)
		if r.LocalAddr().Network() != "pipe" || w.RemoteAddr().Network() != "pipe" {
			t.Errorf("addresses %v, %v", r.LocalAddr(), w.RemoteAddr())
		}
		blocked := loop.Spawn(y, func(*loop.Yielder) error { _, err := w.Write(sent); return err })
		if err := until(y, func() bool { return w.d.wr.busy }); err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
		_, err = blocked.Await(y)
		wantErr(t, "Write to a broken pipe", err, syscall.EPIPE)
		return w.Close()
	})
}

// TestPipeElsewhere: a loop without the network of the operating system refuses.
func TestPipeElsewhere(t *testing.T) {
	looptest.Run(t, func(y *loop.Yielder) error {
		_, _, err := Pipe(y)
		wantErr(t, "Pipe", err, loop.ErrNoNetwork)
		_, err = FileConn(y, os.Stdin)
		wantErr(t, "FileConn", err, loop.ErrNoNetwork)
		_, err = OpenPipe(y, os.DevNull, os.O_RDWR)
		wantErr(t, "OpenPipe", err, loop.ErrNoNetwork)
		return nil
	})
}

// TestOpenPipe: a FIFO is opened without waiting for its other end.
func TestOpenPipe(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		name := filepath.Join(t.TempDir(), "fifo")
		if err := unix.Mkfifo(name, 0o600); err != nil {
			return err
		}
		_, err := OpenPipe(y, name, os.O_WRONLY)
		wantErr(t, "a writer without a reader", err, syscall.ENXIO)
		r, err := OpenPipe(y, name, os.O_RDONLY)
		if err != nil {
			return err
		}
		reader := loop.Go(y, func(*loop.Yielder) ([]byte, error) { return io.ReadAll(r) })
		if err := until(y, func() bool { return r.d.rd.busy }); err != nil {
			return err
		}
		w, err := OpenPipe(y, name, os.O_WRONLY)
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte("hello")); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if got, err := reader.Await(y); string(got) != "hello" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		_, err = OpenPipe(y, filepath.Join(t.TempDir(), "none"), os.O_RDONLY)
		wantErr(t, "a file that is not there", err, os.ErrNotExist)
		return r.Close()
	})
}

// TestAdoptKinds: what cannot be waited for is refused, and stays as it was.
func TestAdoptKinds(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		file, err := os.Create(filepath.Join(t.TempDir(), "file"))
		if err != nil {
			return err
		}
		defer file.Close()
		dir, err := os.Open(t.TempDir())
		if err != nil {
			return err
		}
		defer dir.Close()
		for _, f := range []*os.File{file, dir} {
			_, err := FileConn(y, f)
			wantErr(t, f.Name(), err, ErrRegularFile)
			if err != nil && err.Error() != "adopt file "+f.Name()+": "+ErrRegularFile.Error() {
				t.Errorf("its text: %v", err)
			}
		}
		if _, err := OpenPipe(y, file.Name(), os.O_RDONLY); !errors.Is(err, ErrRegularFile) {
			t.Errorf("OpenPipe of a file: %v", err)
		}
		_, err = AdoptFd(y, int(file.Fd()), "descriptor")
		wantErr(t, "AdoptFd of a file", err, ErrRegularFile)
		if _, err := file.WriteString("still the caller's"); err != nil {
			t.Error(err)
		}
		_, err = AdoptFd(y, 1<<20, "nothing")
		wantErr(t, "a descriptor that is not open", err, syscall.EBADF)

		udp, err := net.ListenUDP("udp", nil)
		if err != nil {
			return err
		}
		defer udp.Close()
		ours, theirs := net.Pipe()
		defer ours.Close()
		defer theirs.Close()
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer tcp.Close()
		for text, adopt := range map[string]func() error{
			"not one of streams":                func() error { _, err := AdoptConn(y, udp); return err },
			"a *net.pipe has no descriptor":     func() error { _, err := AdoptConn(y, ours); return err },
			"use FileListener or AdoptListener": func() error { return adoptFile(y, tcp.(*net.TCPListener)) },
		} {
			if err := adopt(); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v, want %s", err, text)
			}
		}
		return nil
	})
}

// adoptFile makes a connection of what has a file.
func adoptFile(y *loop.Yielder, of interface{ File() (*os.File, error) }) error {
	f, err := of.File()
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := FileConn(y, f)
	if err == nil {
		_ = c.Close()
	}
	return err
}

// TestAdoptDevice: a device that is always ready is read and written all the same.
func TestAdoptDevice(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		for range 3 {
			null, err := OpenPipe(y, os.DevNull, os.O_RDWR)
			if err != nil {
				return err
			}
			n, err := null.Read(make([]byte, 1))
			if n != 0 || err != io.EOF {
				t.Errorf("read %d, %v", n, err)
			}
			if n, err := null.Write(make([]byte, 1000)); n != 1000 || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
			if err := null.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

// nonblock reports whether the open file of fd is non-blocking.
func nonblock(t *testing.T, fd int) bool {
	t.Helper()
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		t.Error(err)
	}
	return flags&unix.O_NONBLOCK != 0
}

// TestAdoptRestores: an open file that is shared, and blocking, is made so again, by Close and
// by the end of the loop; and while it is open, another process that makes it blocking does not
// stop the loop.
func TestAdoptRestores(t *testing.T) {
	for _, by := range []string{"Close", "the loop"} {
		t.Run(by, func(t *testing.T) {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			f := os.NewFile(uintptr(fds[0]), "inherited")
			defer f.Close()
			defer unix.Close(fds[1])
			netRun(t, func(y *loop.Yielder, l *loop.Loop) error {
				c, err := FileConn(y, f)
				if err != nil {
					return err
				}
				if !nonblock(t, fds[0]) {
					t.Error("it still blocks")
				}
				reader := loop.Go(y, func(*loop.Yielder) (string, error) {
					b := make([]byte, 10)
					n, err := c.Read(b)
					return string(b[:n]), err
				})
				if err := until(y, func() bool { return c.d.rd.busy }); err != nil {
					return err
				}
				if err := unix.SetNonblock(fds[0], false); err != nil {
					return err
				}
				c.d.Ready(true, true, false) // which is not so
				if err := until(y, func() bool { return !c.d.rd.ready }); err != nil {
					return err
				}
				if _, err := unix.Write(fds[1], []byte("hello")); err != nil {
					return err
				}
				if got, err := reader.Await(y); got != "hello" || err != nil {
					t.Errorf("read %q, %v", got, err)
				}
				if err := unix.SetNonblock(fds[0], false); err != nil {
					return err
				}
				writer := loop.Spawn(y, func(*loop.Yielder) error { _, err := c.Write(noise(1 << 20)); return err })
				if err := until(y, func() bool { return c.d.wr.busy }); err != nil {
					return err
				}
				cancel(y, t, "the writer", writer)
				if by == "Close" {
					return c.Close()
				}
				return nil
			})
			if nonblock(t, fds[0]) {
				t.Error("it is left non-blocking")
			}
		})
	}
}

// TestAdoptNet: connections and listeners of package net go on as ones of the loop.
func TestAdoptNet(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		theirs, err := net.Listen(network, address)
		if err != nil {
			return err
		}
		at := theirs.Addr().String()
		ln, err := AdoptListener(y, theirs)
		if err != nil {
			return err
		}
		if _, err := theirs.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the old listener: %v", err)
		}
		if ln.Addr().String() != at {
			t.Errorf("listens at %v, want %s", ln.Addr(), at)
		}
		dialled, err := net.Dial(network, at)
		if err != nil {
			return err
		}
		a, err := AdoptConn(y, dialled)
		if err != nil {
			return err
		}
		if _, err := dialled.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the old connection: %v", err)
		}
		b, err := ln.Accept()
		if err != nil {
			return err
		}
		for _, ends := range [][2]net.Conn{{a, b}, {b, a}} {
			if _, err := ends[0].Write([]byte("hello")); err != nil {
				return err
			}
			got := make([]byte, 9)
			if n, err := ends[1].Read(got); string(got[:n]) != "hello" || err != nil {
				t.Errorf("read %q, %v", got[:n], err)
			}
		}
		if network == "tcp" && a.RemoteAddr().String() != at {
			t.Errorf("the peer is %v, want %s", a.RemoteAddr(), at)
		}
		if err := errors.Join(a.Close(), b.Close(), ln.Close()); err != nil {
			return err
		}
		if network == "unix" {
			_, err := os.Lstat(at)
			wantErr(t, "the file of the listener", err, os.ErrNotExist)
		}
		return nil
	})
}

// TestFileListener: a socket that a parent has handed over goes on, and its file stays.
func TestFileListener(t *testing.T) {
	eachNetwork(t, func(t *testing.T, y *loop.Yielder, network, address string) error {
		theirs, err := net.Listen(network, address)
		if err != nil {
			return err
		}
		defer theirs.Close()
		f, err := theirs.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			return err
		}
		defer f.Close()
		if c, err := FileConn(y, f); err == nil {
			t.Errorf("a connection %v", c.RemoteAddr())
		}
		ln, err := FileListener(y, f)
		if err != nil {
			return err
		}
		a, err := Dial(y, network, ln.Addr().String())
		if err != nil {
			return err
		}
		b, err := ln.Accept()
		if err != nil {
			return err
		}
		af, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		defer af.Close()
		if _, err := FileListener(y, af); err == nil {
			t.Error("/dev/null listens")
		}
		if err := errors.Join(a.Close(), b.Close(), ln.Close()); err != nil {
			return err
		}
		if network == "unix" {
			_, err := os.Lstat(theirs.Addr().String())
			wantErr(t, "the file of the listener", err, nil)
		}
		return nil
	})
}
