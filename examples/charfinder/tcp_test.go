package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"coloop/loop"
	"coloop/loop/looptest"
	"coloop/loop/netio"
)

var ascii = NewIndex(' ', 0x7f)

// served serves a protocol while client runs as a task of the same loop.
func served(t *testing.T, protocol string, limits limits, log io.Writer, client func(y *loop.Yielder, address string) error) {
	t.Helper()
	p := protocols[protocol]
	looptest.Run(t, func(y *loop.Yielder) error {
		address := loop.NewFuture[string](loop.Running(y))
		server := loop.Spawn(y, func(y *loop.Yielder) error {
			handle := p.handler(ascii, log, limits)
			return p.serve(y, "127.0.0.1:0", limits.clients, handle, func(a net.Addr) error {
				return address.SetResult(a.String())
			})
		})
		a, err := address.Await(y)
		if err == nil {
			err = client(y, a)
		}
		server.Cancel()
		if _, serveErr := server.Await(y); !errors.Is(serveErr, loop.ErrCancelled) {
			t.Errorf("the server ended with %v", serveErr)
		}
		return err
	}, looptest.On(loop.New))
}

// A guest is a client of the server of lines.
type guest struct {
	*netio.Conn
	in *bufio.Reader
}

func visit(y *loop.Yielder, address string) (*guest, error) {
	c, err := netio.Dial(y, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &guest{c, bufio.NewReader(c)}, nil
}

// says sends a text and checks what the server answers to that.
func (g *guest) says(text, want string) error {
	if _, err := io.WriteString(g, text); err != nil {
		return err
	}
	return g.hears(want)
}

func (g *guest) hears(want string) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(g.in, got); err != nil || string(got) != want {
		return fmt.Errorf("a client is told %q, want %q (%v)", got[:n], want, err)
	}
	return nil
}

func (g *guest) hearsEnd() error {
	if b, err := g.in.ReadByte(); err != io.EOF {
		return fmt.Errorf("a client is told %q, and not the end (%v)", b, err)
	}
	return nil
}

var (
	ruler    = strings.Repeat("─", 66)
	nothing  = ruler + " 0 found\r\n" + prompt
	capitalA = "U+0041\tA\tLATIN CAPITAL LETTER A\r\n" + ruler + " 1 found\r\n" + prompt
)

// Two clients talk in turn to one server; one hangs up, the other sends Ctrl-C.
func TestTCP(t *testing.T) {
	var log bytes.Buffer
	served(t, "tcp", usual, &log, func(y *loop.Yielder, address string) error {
		ann, err := visit(y, address)
		if err != nil {
			return err
		}
		defer ann.Close()
		bob, err := visit(y, address)
		if err != nil {
			return err
		}
		defer bob.Close()
		for _, act := range []func() error{
			func() error { return ann.says("capital a\r\n", prompt+capitalA) },
			func() error { return bob.says("nothing\r\n", prompt+nothing) },
			func() error { return ann.says(" \r\n", prompt) },
			func() error { return bob.says(strings.Repeat("a", maxQuery)+"\r\n", nothing) },
			func() error { return ann.says("capital a", "") },
			ann.CloseWrite,
			func() error { return ann.hears(capitalA) },
			ann.hearsEnd,
			func() error { return bob.says("\xff\xf4\xff\xfd\x06\r\n", "") },
			bob.hearsEnd,
		} {
			if err := act(); err != nil {
				return err
			}
		}
		return nil
	})
	ends := []string{
		`asks for "capital a": 1 found`, `asks for "nothing": 0 found`, `aaa": 0 found`,
		`asks for "capital a": 1 found`, "is gone", "is gone",
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != len(ends) {
		t.Fatalf("logged\n%s", &log)
	}
	for i, want := range ends {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("logged\n%s\nwant %q", lines[i], want)
		}
	}
}

// A line that is too long is read without being kept, and answered. While it
// comes, others are served.
func TestD5LongLine(t *testing.T) {
	served(t, "tcp", usual, io.Discard, func(y *loop.Yielder, address string) error {
		ann, err := visit(y, address)
		if err != nil {
			return err
		}
		defer ann.Close()
		bob, err := visit(y, address)
		if err != nil {
			return err
		}
		defer bob.Close()
		tooLong := "a query has at most 250 bytes; this one is passed over\r\n" + prompt
		for _, act := range []func() error{
			func() error { return ann.says(strings.Repeat("letter ", 9000), prompt) },
			func() error { return bob.says("capital a\n", prompt+capitalA) },
			func() error { return ann.says("\n", tooLong) },
			func() error { return ann.says("capital a\n", capitalA) },
			func() error { return ann.says(strings.Repeat("x", maxQuery+1)+"\r\n", tooLong) },
			func() error { return ann.says(strings.Repeat("x", 9000), "") },
			ann.CloseWrite,
			ann.hearsEnd,
		} {
			if err := act(); err != nil {
				return err
			}
		}
		return nil
	})
}

// scripted is a connection that says something and takes everything at once.
type scripted struct {
	net.Conn
	says io.Reader
	told bytes.Buffer
}

func (s *scripted) Read(b []byte) (int, error)    { return s.says.Read(b) }
func (s *scripted) Write(b []byte) (int, error)   { return s.told.Write(b) }
func (s *scripted) SetDeadline(_ time.Time) error { return nil }

// A long answer is made in pieces, between which other tasks get their turns.
func TestD5LongAnswer(t *testing.T) {
	index := NewIndex(' ', 0x1000)
	letters := index.Search("letter")
	if len(letters) < 1000 {
		t.Fatalf("only %d letters", len(letters))
	}
	for name, tell := range map[string]func(y *loop.Yielder) error{
		"tcp": func(y *loop.Yielder) error {
			c := &scripted{says: strings.NewReader("letter\n")}
			err := converse(y, index, c, time.Hour, func(string, int) {})
			if got := strings.Count(c.told.String(), "\r\n") - 1; got != len(letters) {
				t.Errorf("%d letters of %d", got, len(letters))
			}
			return err
		},
		"http": func(y *loop.Yielder) error {
			chars, err := describe(y, letters)
			if len(chars) != len(letters) {
				t.Errorf("%d letters of %d", len(chars), len(letters))
			}
			return err
		},
	} {
		turns := 0
		looptest.Run(t, func(y *loop.Yielder) error {
			other := loop.Spawn(y, func(y *loop.Yielder) error {
				for {
					turns++
					if err := loop.Sleep(y, 0); err != nil {
						return err
					}
				}
			})
			err := tell(y)
			other.Cancel()
			other.Await(y)
			return err
		})
		if turns < len(letters)/100 {
			t.Errorf("%s: another task had %d turns", name, turns)
		}
	}
}

// A client beyond the limit is told so, and the next one is served when there is
// room again.
func TestD4TooManyClients(t *testing.T) {
	one := usual
	one.clients = 1
	for protocol, p := range protocols {
		served(t, protocol, one, io.Discard, func(y *loop.Yielder, address string) error {
			first, err := visit(y, address)
			if err != nil {
				return err
			}
			defer first.Close()
			greeting := map[string][2]string{
				"tcp":  {"capital a\n", prompt + capitalA},
				"http": {"GET /search HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
			}[protocol]
			if err := first.says(greeting[0], greeting[1]); err != nil {
				return err
			}
			second, err := visit(y, address)
			if err != nil {
				return err
			}
			defer second.Close()
			if err := second.hears(p.full); err != nil {
				return err
			}
			return second.hearsEnd()
		})
	}
}

// A client that says nothing in its time is gone, whatever the protocol.
func TestD4Idle(t *testing.T) {
	hurried := usual
	hurried.idle = 1
	for protocol := range protocols {
		var log bytes.Buffer
		served(t, protocol, hurried, &log, func(y *loop.Yielder, address string) error {
			silent, err := visit(y, address)
			if err != nil {
				return err
			}
			defer silent.Close()
			return silent.hearsEnd()
		})
		if protocol == "tcp" && !strings.Contains(log.String(), " is gone: ") {
			t.Errorf("logged %q", &log)
		}
	}
}

// ask is a client of the same program.
func TestAsk(t *testing.T) {
	var out bytes.Buffer
	served(t, "tcp", usual, io.Discard, func(y *loop.Yielder, address string) error {
		return ask(y, address, "capital a", &out)
	})
	if want := "U+0041\tA\tLATIN CAPITAL LETTER A\n" + ruler + " 1 found\n"; out.String() != want {
		t.Errorf("%q, want %q", &out, want)
	}
}
