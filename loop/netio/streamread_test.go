//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netio

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"coloop/loop"
	"coloop/loop/looptest"

	"github.com/google/go-cmp/cmp"
)

// chunks is a connection of another package whose Reads return one chunk, or part of it.
type chunks struct {
	net.Conn
	left []string
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.left[0])
	if c.left[0] = c.left[0][n:]; c.left[0] == "" {
		c.left = c.left[1:]
	}
	return n, nil
}

// outcome calls op of s and describes the outcome as testdata/streams.py does.
func outcome(y *loop.Yielder, s *Stream, op []any) []any {
	var v []byte
	var err error
	number := func() int { return int(op[1].(float64)) }
	switch op[0] {
	case "until":
		var separators []string
		for _, sep := range op[1:] {
			separators = append(separators, sep.(string))
		}
		v, err = s.ReadUntil(y, separators...)
	case "line":
		v, err = s.ReadLine(y)
	case "exactly":
		v, err = s.ReadExactly(y, number())
	case "read":
		v = make([]byte, number())
		var n int
		n, err = s.Read(v)
		v = v[:n]
	case "all":
		v, err = s.ReadAll(y)
	}
	var incomplete *IncompleteReadError
	var over *LimitOverrunError
	switch {
	case err == nil, err == io.EOF: // in asyncio the end is an empty result
		return []any{"ok", string(v), s.AtEOF()}
	case errors.As(err, &incomplete):
		return []any{"incomplete", string(incomplete.Partial), float64(incomplete.Expected), err.Error()}
	case errors.As(err, &over) && op[0] == "line": // in asyncio a ValueError
		return []any{"value", err.Error()}
	case errors.As(err, &over):
		return []any{"overrun", float64(over.Consumed), err.Error()}
	}
	return []any{"value", "Separator should be at least one-byte string"}
}

// TestStreamReaderIsAsyncios plays what testdata/streams.py has played in CPython 3.13.
func TestStreamReaderIsAsyncios(t *testing.T) {
	f, err := os.Open("testdata/streams.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	looptest.Run(t, func(y *loop.Yielder) error {
		for lines := bufio.NewScanner(f); lines.Scan(); n++ {
			var play struct {
				Limit   int
				Chunks  []string
				Ops     [][]any
				Answers [][]any
			}
			if err := json.Unmarshal(lines.Bytes(), &play); err != nil {
				return err
			}
			s := NewStream(y, &chunks{left: play.Chunks})
			s.SetLimit(play.Limit)
			var got [][]any
			for _, op := range play.Ops {
				got = append(got, outcome(y, s, op))
			}
			if diff := cmp.Diff(play.Answers, got); diff != "" {
				t.Errorf("%s\n%s", lines.Bytes(), diff)
			}
		}
		return nil
	})
	if n < 400 {
		t.Errorf("%d programs", n)
	}
}

// TestStreamInput: input is whole and in order however it is read, and an emptied buffer that
// has grown is given up.
func TestStreamInput(t *testing.T) {
	data := noise(3 << 20)
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := NewStream(y, b)
		return together(y, func(*loop.Yielder) error {
			if _, err := a.Write(data); err != nil {
				return err
			}
			return a.CloseWrite()
		}, func(y *loop.Yielder) error {
			var got []byte
			for _, n := range []int{1, 10, 1 << 20, 5000} {
				v, err := s.ReadExactly(y, n)
				if err != nil {
					return err
				}
				got = append(got, v...)
				small := make([]byte, 7)
				m, err := s.Read(small)
				if err != nil {
					return err
				}
				got = append(got, small[:m]...)
			}
			rest, err := s.ReadAll(y)
			if got = append(got, rest...); !bytes.Equal(got, data) {
				t.Error("the input is not what was sent")
			}
			if cap(s.buf) > defaultLimit {
				t.Errorf("a buffer of %d bytes stays", cap(s.buf))
			}
			return err
		})
	})
}

// TestStreamReaders: tasks that read wait in line; one that is cancelled takes nothing, and
// what it has waited for is there for the next.
func TestStreamReaders(t *testing.T) {
	netRun(t, func(y *loop.Yielder, _ *loop.Loop) error {
		a, b, err := connPair(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s := NewStream(y, b)
		line := func(y *loop.Yielder) (string, error) { v, err := s.ReadLine(y); return string(v), err }
		if _, err := a.Write([]byte("half")); err != nil {
			return err
		}
		first, second, third := loop.Go(y, line), loop.Go(y, line), loop.Go(y, line)
		if err := until(y, func() bool { return s.unread() == 4 && s.reads.lot.Len() == 2 }); err != nil {
			return err
		}
		first.Cancel()
		third.Cancel()
		if _, err := first.Await(y); !loop.IsCancelled(err) {
			t.Errorf("the first: %v", err)
		}
		if _, err := a.Write([]byte(" a line\nrest")); err != nil {
			return err
		}
		if v, err := second.Await(y); v != "half a line\n" || err != nil {
			t.Errorf("the second: %q, %v", v, err)
		}
		if _, err := third.Await(y); !loop.IsCancelled(err) {
			t.Errorf("the third: %v", err)
		}
		wantErr(t, "Close", s.Close(), nil)
		_, err = s.ReadLine(y)
		wantErr(t, "ReadLine after Close", err, net.ErrClosed)
		return nil
	})
}
