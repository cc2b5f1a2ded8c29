package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"coloop/loop"
	"coloop/loop/netio"

	"golang.org/x/text/unicode/runenames"
)

const prompt = "?> "

// tcp returns what talks to one client in lines of text, in a task of its own.
func tcp(index Index, log io.Writer) handler {
	return func(_ *loop.Yielder, c *netio.Conn) error {
		client := c.RemoteAddr()
		err := converse(index, c, func(query string, results int) {
			fmt.Fprintf(log, "%v asks for %q: %d found\n", client, query, results)
		})
		if errors.Is(err, loop.ErrCancelled) {
			return err
		}
		if err != nil {
			fmt.Fprintf(log, "%v is gone: %v\n", client, err)
		} else {
			fmt.Fprintf(log, "%v is gone\n", client)
		}
		return nil
	}
}

// converse answers queries until the client has no more, or sends a control
// character. It is written for any connection; that of a loop parks the task in
// Scan and Flush, where others would block.
func converse(index Index, c io.ReadWriter, answered func(query string, results int)) error {
	in, out := bufio.NewScanner(c), bufio.NewWriter(c)
	for {
		fmt.Fprint(out, prompt)
		if err := out.Flush(); err != nil {
			return err
		}
		if !in.Scan() {
			return in.Err()
		}
		query := strings.TrimSpace(in.Text())
		switch {
		case query == "":
			continue
		case query[0] < ' ' || !utf8.ValidString(query): // Ctrl-C, in telnet's way
			return nil
		}
		found := index.Search(query)
		for _, char := range found {
			fmt.Fprintf(out, "U+%04X\t%c\t%s\r\n", char, char, runenames.Name(char))
		}
		fmt.Fprintf(out, "%s %d found\r\n", strings.Repeat("─", 66), len(found))
		answered(query, len(found))
	}
}
