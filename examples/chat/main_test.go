package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"coloop/examples/internal/cli/clitest"
	"coloop/loop"
	"coloop/loop/looptest"
	"coloop/loop/netio"
)

// A client is one of the tests', which reads lines.
type client struct {
	*netio.Conn
	in *bufio.Reader
}

func (c client) hears(want string) error {
	got, err := c.in.ReadString('\n')
	if err != nil || got != want+"\n" {
		return fmt.Errorf("a client hears %q, want %q (%v)", got, want, err)
	}
	return nil
}

func (c client) hearsEnd() error {
	if rest, err := io.ReadAll(c.in); err != nil || len(rest) > 0 {
		return fmt.Errorf("a client hears %q, and not the end (%v)", rest, err)
	}
	return nil
}

func (c client) says(line string) error {
	_, err := fmt.Fprintln(c, line)
	return err
}

// A party is a room with a server and clients.
type party struct {
	y       *loop.Yielder
	room    room
	address string
	server  *loop.Task[struct{}]
}

// meet runs acts one after the other at a party.
func meet(t *testing.T, acts func(p *party) error) {
	t.Helper()
	looptest.Run(t, func(y *loop.Yielder) error {
		ln, err := netio.Listen(y, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		p := &party{y: y, address: ln.Addr().String()}
		p.server = loop.Spawn(y, func(y *loop.Yielder) error { return netio.Serve(y, ln, p.room.serve) })
		return errors.Join(acts(p), p.end())
	}, looptest.OnNetwork())
}

// end cancels the server.
func (p *party) end() error {
	p.server.Cancel()
	if _, err := p.server.Await(p.y); !errors.Is(err, loop.ErrCancelled) {
		return fmt.Errorf("the server ends with %w", err)
	}
	return nil
}

// join returns a client that has given its name, if it has one.
func (p *party) join(name string) (client, error) {
	conn, err := netio.Dial(p.y, "tcp", p.address)
	if err != nil {
		return client{}, err
	}
	c := client{conn, bufio.NewReader(conn)}
	err = c.hears("What is your name?")
	if name != "" && err == nil {
		err = c.says(name)
	}
	return c, err
}

// pair returns two clients who know of each other.
func (p *party) pair() (ann, bob client, err error) {
	if ann, err = p.join("ann"); err != nil {
		return ann, bob, err
	}
	// A name is not answered: look until the server has read it.
	for len(p.room.guests) == 0 && err == nil {
		err = loop.Sleep(p.y, 0)
	}
	if err == nil {
		bob, err = p.join("bob")
	}
	if err == nil {
		err = ann.hears("bob is here")
	}
	return ann, bob, err
}

func inTurn(acts ...func() error) error {
	for _, act := range acts {
		if err := act(); err != nil {
			return err
		}
	}
	return nil
}

func TestTalk(t *testing.T) {
	meet(t, func(p *party) error {
		ann, bob, err := p.pair()
		if err != nil {
			return err
		}
		return inTurn(
			func() error { return ann.says("hello, bob") },
			func() error { return bob.hears("ann: hello, bob") },
			func() error { return bob.says("hello\x1b[31m, ann\r") },
			func() error { return ann.hears("bob: hello[31m, ann") },
			bob.CloseWrite,
			func() error { return ann.hears("bob has left") },
			bob.hearsEnd,
		)
	})
}

// A client that is there when the server is cancelled gets a goodbye, with a name or
// without.
func TestGoodbye(t *testing.T) {
	const goodbye = "The server is closing. Goodbye!"
	meet(t, func(p *party) error {
		ann, bob, err := p.pair()
		if err != nil {
			return err
		}
		nameless, err := p.join("")
		if err != nil {
			return err
		}
		p.server.Cancel()
		for _, c := range []client{ann, bob, nameless} {
			if err := inTurn(func() error { return c.hears(goodbye) }, c.hearsEnd); err != nil {
				return err
			}
		}
		return p.end()
	})
}

// A line that is too long ends its client, and nobody else.
func TestD5LongLine(t *testing.T) {
	meet(t, func(p *party) error {
		ann, bob, err := p.pair()
		if err != nil {
			return err
		}
		return inTurn(
			func() error { _, err := io.WriteString(ann, strings.Repeat("a", 500)); return err },
			func() error { return ann.hears("That line is too long. Goodbye!") },
			ann.hearsEnd,
			func() error { return bob.hears("ann has left") },
		)
	})
}

// A guest whose queue is full is shown out, and the others go on talking.
func TestD4GuestWhoDoesNotRead(t *testing.T) {
	meet(t, func(p *party) error {
		ann, bob, err := p.pair()
		if err != nil {
			return err
		}
		bobs := p.room.guests[1]
		for range 101 { // in one step, so bob's writer has no turn
			p.room.tell(p.room.guests[0], ": hurry!")
		}
		if bobs.told.Len() != 100 {
			return fmt.Errorf("bob has %d lines to read", bobs.told.Len())
		}
		carl, err := p.join("carl")
		if err != nil {
			return err
		}
		return inTurn(
			func() error { return ann.hears("bob has left") },
			func() error { return ann.hears("carl is here") },
			func() error { return carl.says("hello") },
			func() error { return ann.hears("carl: hello") },
			bob.Close,
		)
	})
}

func TestUsage(t *testing.T) {
	clitest.Check(t, run, map[string]int{"-h": 0, "-x": 2, "more": 2, "-a 192.0.2.1:80": 1})
	clitest.Full(t, run, "-a 127.0.0.1:0")
}

// TestD4GuestWithoutName: a client that does not say its name is shown out.
func TestD4GuestWithoutName(t *testing.T) {
	meet(t, func(p *party) error {
		silent, err := p.join("")
		if err != nil {
			return err
		}
		ann, bob, err := p.pair()
		if err != nil {
			return err
		}
		looptest.Advance(p.y, toAnswer)
		return inTurn(
			silent.hearsEnd,
			func() error { return ann.says("hello, bob") }, // they may take their time
			func() error { return bob.hears("ann: hello, bob") },
		)
	})
}
