package client

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"coloop/loop"
)

// Netrc returns the [Auth] of the users and passwords in a file for many hosts, .netrc, as [Basic]
// sends them. With file "" it is the one that the environment names in NETRC or else .netrc in the
// user's home, which need not exist. The file is read once, by the executor, for the first request. It
// is understood as by CPython's netrc: machine, default, login or user, password, account, macdef,
// comments, double quotes and backslashes.
//
// A machine is the host of a URL, without its port.
func Netrc(file string) Auth { return &netrcAuth{file: file} }

type netrcAuth struct {
	file    string
	read    bool
	entries map[string]netrcEntry
}

func (n *netrcAuth) Authorization(y *loop.Yielder, r *AuthRequest) (string, error) {
	if r.Challenges != nil {
		return "", nil // the password was wrong
	}
	if !n.read {
		entries, err := loop.RunInExecutor(y, nil, n.load).Await(y)
		if err != nil {
			return "", err
		}
		n.entries, n.read = entries, true
	}
	e, ok := n.entries[r.host()]
	if !ok {
		e, ok = n.entries[defaultMachine]
	}
	if !ok {
		return "", nil
	}
	return basic(e.login, e.password), nil
}

// host is the host of the request, without brackets and port.
func (r *AuthRequest) host() string {
	u, err := url.Parse(r.Origin)
	if err != nil {
		return "" // cannot be
	}
	return u.Hostname()
}

// load reads the file.
func (n *netrcAuth) load() (map[string]netrcEntry, error) {
	name, optional := n.file, false
	if name == "" {
		name = os.Getenv("NETRC")
	}
	if name == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("netrc: %w", err)
		}
		name, optional = filepath.Join(home, ".netrc"), true
	}
	text, err := os.ReadFile(name)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("netrc: %w", err)
	}
	entries, err := parseNetrc(string(text))
	if err != nil {
		return nil, fmt.Errorf("netrc: %s: %w", name, err)
	}
	return entries, nil
}

// A netrcEntry is what a .netrc says of a machine.
type netrcEntry struct{ login, password string }

// defaultMachine is the name of the entry for all machines that have none.
const defaultMachine = "default"

// parseNetrc mirrors CPython's netrc._parse, which does not know a comment after an empty line. Of
// two entries for a machine the last counts. Errors quote nothing: it may be a password.
func parseNetrc(text string) (map[string]netrcEntry, error) {
	entries := make(map[string]netrcEntry)
	l := &netrcLexer{rest: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), line: 1}
	for token := l.next(); token != ""; {
		name, err := "", error(nil)
		switch token {
		case "machine", "macdef":
			name = l.next()
		case defaultMachine:
			name = defaultMachine
		default:
			if token[0] != '#' {
				return nil, fmt.Errorf("line %d: expected machine, default or macdef", l.line)
			}
			l.skipComment()
			token = l.next()
			continue
		}
		switch {
		case name == "":
			return nil, fmt.Errorf("line %d: %s without a name", l.line, token)
		case token != "macdef":
			entries[name], token, err = l.entry()
		case !l.skipMacro():
			err = fmt.Errorf("line %d: macdef without an empty line at its end", l.line)
		default:
			token = l.next()
		}
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// A netrcLexer mirrors CPython's netrc._netrclex.
type netrcLexer struct {
	rest string
	line int
	last byte // that was read
}

// entry reads an entry, and returns the token after it.
func (l *netrcLexer) entry() (e netrcEntry, next string, err error) {
	for {
		switch token := l.next(); token {
		case "", "machine", defaultMachine, "macdef":
			return e, token, nil
		case "login", "user":
			e.login = l.next()
		case "password":
			e.password = l.next()
		case "account":
			l.next()
		default:
			if token[0] != '#' {
				return e, "", fmt.Errorf("line %d: expected login, password or account", l.line)
			}
			l.skipComment()
		}
	}
}

const netrcSpace = "\n\t\r "

// next returns the next token, "" at the end.
func (l *netrcLexer) next() string {
	var token []byte
	quoted, begun := false, false
	for l.rest != "" {
		c := l.char()
		switch {
		case quoted && c == '"', !quoted && begun && strings.IndexByte(netrcSpace, c) >= 0:
			return string(token)
		case !begun && strings.IndexByte(netrcSpace, c) >= 0:
			continue
		case !begun && c == '"':
			quoted, begun = true, true
			continue
		case c == '\\' && l.rest != "":
			c = l.char()
		case c == '\\':
			return string(token)
		}
		begun = true
		token = append(token, c)
	}
	return string(token)
}

func (l *netrcLexer) char() byte {
	c := l.rest[0]
	l.rest, l.last = l.rest[1:], c
	if c == '\n' {
		l.line++
	}
	return c
}

// skipLine skips what is left of the line.
func (l *netrcLexer) skipLine() {
	_, l.rest, _ = strings.Cut(l.rest, "\n")
	l.line++
}

// skipComment skips the line that a token is on, unless the token was the last there.
func (l *netrcLexer) skipComment() {
	if l.last != '\n' {
		l.skipLine()
	}
}

// skipMacro skips lines until one is empty, and reports whether there was one.
func (l *netrcLexer) skipMacro() bool {
	for l.rest != "" {
		empty := l.rest[0] == '\n'
		if l.skipLine(); empty {
			return true
		}
	}
	return false
}
