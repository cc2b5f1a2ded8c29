// Interop tries Go's protocol libraries on the connections of an event loop, against real
// servers, and prints a table: which class a library belongs to, and whether it worked.
//
//	go -C loop/netio/internal/interop run .                 every library whose server is installed
//	go -C loop/netio/internal/interop run . -only pgx,nats  some
//	go -C loop/netio/internal/interop run . -table FILE     puts the table into FILE, which is Markdown
//
// It is a module of its own, so that nothing else depends on the libraries. Each library runs in
// a process of its own, so that one that hangs is seen, named and ended. Servers are started on
// loopback, with their files in a temporary folder, and ended afterwards; a library whose server
// is not installed is skipped, and the table says so.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A library is one row of the table.
type library struct {
	name   string // as the flag -only has it
	module string // whose version the table shows; empty for the standard library
	class  class
	server string // a key of servers; empty for none
	write  string // what a user writes to hand it a connection, in Markdown
	try    func(e *env) error
}

// A class says where the code of a library runs.
type class int

const (
	inTask  class = iota // unchanged, in a task
	inBlock              // on goroutines of its own, by loop.Block
)

func (c class) String() string { return [...]string{"task", "Block"}[c] }

// limit is how long one library may take. Only one that hangs needs it. The race detector makes
// the many requests of the client slow.
const limit = 3 * time.Minute

func main() {
	only := flag.String("only", "", "the libraries to try, by name, separated by commas")
	table := flag.String("table", "", "the Markdown `file` to put the table into")
	flag.IntVar(&clientRequests, "requests", clientRequests, "how many `requests` the client of this module makes in each of its cases")
	name := flag.String("case", "", "run one library in this process (for the program itself)")
	address := flag.String("address", "", "the address of its server (for the program itself)")
	folder := flag.String("folder", "", "the folder of its server (for the program itself)")
	flag.Parse()
	if *name != "" {
		if err := runCase(*name, *address, *folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := runAll(ctx, *only, *table)
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func runAll(ctx context.Context, only, table string) (ok bool, err error) {
	chosen := libraries
	if only != "" {
		chosen = nil
		for _, name := range strings.Split(only, ",") {
			i := slices.IndexFunc(libraries, func(l library) bool { return l.name == name })
			if i < 0 {
				return false, fmt.Errorf("there is no library %q", name)
			}
			chosen = append(chosen, libraries[i])
		}
	}
	folder, err := os.MkdirTemp("", "interop")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(folder)
	running := map[string]*server{}
	defer func() {
		for _, s := range running {
			s.stop()
		}
	}()
	ok = true
	var rows []string
	for _, lib := range chosen {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		s := running[lib.server]
		if lib.server != "" && s == nil {
			s = start(lib.server, folder)
			running[lib.server] = s
		}
		var result string
		switch {
		case s != nil && s.missing:
			result = "skipped: " + lib.server + " is not installed"
		case s != nil && s.err != nil:
			result, ok = fmt.Sprintf("**%s does not start: %v**", lib.server, s.err), false
		default:
			began := time.Now()
			if out, err := isolated(ctx, lib, s); err != nil {
				result, ok = fmt.Sprintf("**%v: %s**", err, out), false
			} else {
				result = fmt.Sprintf("works (%.1f s)", time.Since(began).Seconds())
			}
		}
		fmt.Printf("%-18s %-6s %s\n", lib.name, lib.class, result)
		if lib.write == "" {
			continue // it is ours
		}
		result, _, _ = strings.Cut(result, " (") // times differ in each run
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s | %s |",
			lib.name, version(lib.module), lib.class, cmp.Or(lib.server, "–"), lib.write, result))
	}
	if table == "" {
		return ok, nil
	}
	return ok, insert(table, "| library | version | class | server | to hand it a connection | result |\n|---|---|---|---|---|---|\n"+
		strings.Join(rows, "\n")+"\n")
}

// insert replaces the table in a file.
func insert(file, table string) error {
	const begin, end = "<!-- table -->\n", "<!-- /table -->"
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the table, which is between %q and %q", file, begin, end)
	}
	return os.WriteFile(file, []byte(before+begin+table+end+after), 0o666)
}

// isolated runs one library in a process of its own, and returns what it wrote.
func isolated(ctx context.Context, lib library, s *server) (out string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := []string{"-case", lib.name}
	if s != nil {
		args = append(args, "-address", s.address, "-folder", s.folder)
	}
	args = append(args, "-requests", strconv.Itoa(clientRequests))
	c := exec.CommandContext(ctx, self, args...)
	c.Env = append(os.Environ(), "QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING=true")
	var b bytes.Buffer
	c.Stdout, c.Stderr = io.Discard, &b
	err = c.Run()
	if ctx.Err() == context.DeadlineExceeded {
		err = errors.New("hangs")
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", " / "), err
}

// version returns the version of a module in this program.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if module == "" || !ok {
		return "Go"
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return "?"
}
