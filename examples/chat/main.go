// Command chat is a server at which people talk, in lines of text. Each client is
// a task, and each gets a goodbye at Ctrl-C.
//
//	go run ./examples/chat
//	curl -sN telnet://127.0.0.1:2000
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"coloop/examples/internal/cli"
	"coloop/loop"
	"coloop/loop/netio"
)

// A room is where guests talk. One task runs at a time, so it needs no lock.
type room struct{ guests []*guest }

// A client may take so long to say its name, and to take what it is told.
const toAnswer = time.Minute

// A guest is a client. Its queue lets the others go on while it does not read.
type guest struct {
	name string
	conn *netio.Conn
	told *loop.Queue[string]
}

// serve serves one client, in a task of its own. Ctrl-C cancels that task, which
// can still say goodbye then.
func (r *room) serve(y *loop.Yielder, c *netio.Conn) error {
	err := r.talk(y, c)
	_ = c.SetWriteDeadline(time.Now().Add(time.Second)) // the client may not read
	switch {
	case errors.Is(err, loop.ErrCancelled):
		fmt.Fprintln(c, "The server is closing. Goodbye!")
		return err
	case errors.Is(err, bufio.ErrTooLong):
		fmt.Fprintln(c, "That line is too long. Goodbye!")
	}
	return nil // any other error means that the client is gone
}

// talk tells the others what the client says, until that hangs up.
func (r *room) talk(y *loop.Yielder, c *netio.Conn) error {
	fmt.Fprintln(c, "What is your name?")
	if err := c.ReadBy(loop.Running(y).Time() + toAnswer); err != nil {
		return err
	}
	in := bufio.NewScanner(c)
	in.Buffer(nil, 500)
	if !in.Scan() {
		return in.Err()
	}
	if err := c.ReadBy(-1); err != nil { // a guest may be silent
		return err
	}
	g := &guest{in.Text(), c, loop.NewQueue[string](100)}
	r.guests = append(r.guests, g)
	r.tell(g, " is here")
	defer func() {
		r.guests = slices.DeleteFunc(r.guests, func(other *guest) bool { return other == g })
		r.tell(g, " has left")
	}()

	var tasks loop.TaskGroup // one reads, one writes; if either fails, both end
	return tasks.Run(y, func() error {
		writing := loop.GoIn(&tasks, g.write)
		for in.Scan() {
			r.tell(g, ": "+in.Text())
		}
		writing.Cancel()
		return in.Err()
	})
}

// write sends the guest what it is told.
func (g *guest) write(y *loop.Yielder) (any, error) {
	for line, err := range g.told.All(y) {
		if err == nil {
			_, err = fmt.Fprintln(g.conn, line)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// tell tells the others; a guest with a hundred lines to read is shown out.
func (r *room) tell(from *guest, what string) {
	line := strings.Join(strings.FieldsFunc(from.name+what, unicode.IsControl), "")
	for _, g := range r.guests {
		if g != from && g.told.PutNowait(line) != nil {
			g.conn.Close()
		}
	}
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (exit int) {
	c := cli.New("chat", "usage: chat [OPTION]...\n\nServe a chat, until Ctrl-C.\n\nOPTIONS\n")
	address := c.StringP("address", "a", "127.0.0.1:2000", "listen at `IP:PORT`")
	return c.Run(args, stdout, stderr, func(out io.Writer) error {
		return loop.Main(func(y *loop.Yielder) error {
			s := netio.Server{Handle: new(room).serve, MaxConns: 1000, WriteTimeout: toAnswer}
			err := s.Listen(y, "tcp", *address)
			if err == nil {
				_, err = fmt.Fprintf(out, "Join with: curl -sN telnet://%v\n", s.Listeners()[0].Addr())
			}
			if err == nil {
				err = s.ServeForever(y)
			}
			return err
		})
	})
}
