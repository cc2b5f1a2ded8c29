package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"coloop/loop"
	"coloop/loop/netio"

	"golang.org/x/text/unicode/runenames"
)

const prompt = "?> "

// tcp returns what talks to one client in lines of text, in a task of its own.
func tcp(index Index, log io.Writer, limits limits) handler {
	return func(y *loop.Yielder, c *netio.Conn) error {
		client := c.RemoteAddr()
		err := converse(y, index, c, limits.idle, func(query string, results int) {
			fmt.Fprintf(log, "%v asks for %q: %d found\n", client, query, results)
		})
		switch {
		case errors.Is(err, loop.ErrCancelled):
			return err
		case err != nil:
			fmt.Fprintf(log, "%v is gone: %v\n", client, err)
		default:
			fmt.Fprintf(log, "%v is gone\n", client)
		}
		return nil
	}
}

// converse answers queries until the client has no more, sends a control
// character, or neither asks nor takes an answer for the time idle.
func converse(y *loop.Yielder, index Index, c net.Conn, idle time.Duration, answered func(query string, results int)) error {
	in, out := bufio.NewReaderSize(c, maxQuery+len("\r\n")), bufio.NewWriter(c)
	for {
		if err := c.SetDeadline(time.Now().Add(idle)); err != nil {
			return err
		}
		fmt.Fprint(out, prompt)
		if err := out.Flush(); err != nil {
			return err
		}
		query, err := readQuery(in)
		switch {
		case err == errTooLong:
			fmt.Fprintf(out, "%v; this one is passed over\r\n", err)
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case query == "":
			continue
		case query[0] < ' ' || !utf8.ValidString(query): // Ctrl-C, in telnet's way
			return nil
		}
		if err := c.SetDeadline(time.Now().Add(idle)); err != nil {
			return err
		}
		found := index.Search(query)
		for i, char := range found {
			fmt.Fprintf(out, "U+%04X\t%c\t%s\r\n", char, char, runenames.Name(char))
			if err := giveWay(y, i); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "%s %d found\r\n", strings.Repeat("─", 66), len(found))
		answered(query, len(found))
	}
}

// giveWay lets other tasks run now and then, given the number of a piece of work.
func giveWay(y *loop.Yielder, i int) error {
	if i%100 == 99 {
		return loop.Sleep(y, 0)
	}
	return nil
}

var errTooLong = fmt.Errorf("a query has at most %d bytes", maxQuery)

// readQuery reads a line, and returns it without space around it. A line that the
// buffer of in does not hold is read to its end, piece by piece, and is errTooLong.
func readQuery(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		for err == bufio.ErrBufferFull {
			_, err = in.ReadSlice('\n')
		}
		if err == nil {
			err = errTooLong
		}
		return "", err
	case err == io.EOF && len(line) > 0: // the next call returns io.EOF
	case err != nil:
		return "", err
	}
	return strings.TrimSpace(string(line)), nil
}

// ask prints what the server at address answers to one query.
func ask(y *loop.Yielder, address, query string, w io.Writer) error {
	c, err := netio.Dial(y, "tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "%s\n", query); err != nil {
		return err
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	in := bufio.NewScanner(c)
	for in.Scan() {
		if line := strings.TrimPrefix(in.Text(), prompt); line != "" {
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
	}
	return in.Err()
}
