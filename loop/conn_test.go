package loop

import (
	"io"
	"net"
	"testing"
)

// TestBufferedAfterExactRead is about a read that takes all there is and fills
// its buffer: nothing says then that there is no more.
func TestBufferedAfterExactRead(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		if c, err := ln.Accept(); err == nil {
			_, _ = io.WriteString(c, "12345") // the client reads it, or fails
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = RunUntilComplete(l, Go(l, func(y *Yielder) (int, error) {
		c, err := Dial(y, "tcp", ln.Addr().String())
		if err != nil {
			return 0, err
		}
		if n, err := io.ReadFull(c, make([]byte, 5)); err != nil {
			return n, err
		}
		if c.Buffered() {
			t.Error("Buffered with nothing left to read")
		}
		if _, err := c.Write([]byte("x")); err != nil {
			return 0, err
		}
		if err := c.WaitRead(); err != nil {
			return 0, err
		}
		if !c.Buffered() {
			t.Error("not Buffered at the end")
		}
		return 0, c.Close()
	}))
	if err != nil {
		t.Error(err)
	}
}
