package examples_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A block is a fenced block of a Markdown file.
type block struct {
	lang, text string
	line       int
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func blocksOf(doc string) (all []block) {
	in := false
	for i, line := range strings.Split(doc, "\n") {
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !in:
			all = append(all, block{lang: lang, line: i + 1})
			in = true
		case fence:
			in = false
		case in:
			all[len(all)-1].text += line + "\n"
		}
	}
	return all
}

// prelude declares what the fragments of README.md, which are not whole programs,
// take for given.
const prelude = `package fragment

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"coloop/client"
	"coloop/loop"
	"coloop/loop/files"
	"coloop/loop/netio"
	"coloop/loop/subprocess"
)

var (
	y        *loop.Yielder
	l        *loop.Loop
	ctx      context.Context
	f, g     func(y *loop.Yielder) (string, error)
	h        func(y *loop.Yielder) error
	count    func(y *loop.Yielder) (int, error)
	t, u     *loop.Task[string]
	ts       []*loop.Task[string]
	fut      *loop.Future[string]
	tg       loop.TaskGroup
	lock     loop.Lock
	q        loop.Queue[string]
	x        string
	callback func()
	fd       int
	p        *subprocess.Process
	blocking func(context.Context) (string, error)
	pool     *loop.Executor
	job      func() (string, error)
	host     string
	hosts    []string
	file     *os.File
	server   *netio.Server
	ln       *netio.Listener
	handle   func(y *loop.Yielder, c *netio.Conn) error
	c        *netio.Conn
	pc       *netio.PacketConn
	s        *netio.Stream
	config   *tls.Config
	data     []byte
	session  client.Client
	url      string
	name     string
	urls     []string
	fetch    func(url string) ([]byte, error)
	err      error
)

func _() {
`

// TestReadmeCompiles type-checks all Go of README.md: its programs, its fragments,
// and the spellings in the table that translates from asyncio.
func TestReadmeCompiles(t *testing.T) {
	readme := readDoc(t, "README.md")
	count := map[string]int{}
	for _, b := range blocksOf(readme) {
		switch {
		case b.lang != "go":
		case strings.HasPrefix(b.text, "package "):
			count["program"]++
			compile(t, fmt.Sprintf("the program at line %d", b.line), b.text)
		default:
			count["fragment"]++
			compile(t, fmt.Sprintf("the fragment at line %d", b.line), fragment(b.text))
		}
	}
	_, table, found := strings.Cut(readme, "| asyncio | coloop |\n")
	if !found {
		t.Fatal("there is no table of asyncio and coloop")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n")[1:] {
		cells := strings.Split(row, "|")
		for _, spelling := range spans(cells[2]) {
			count["spelling"]++
			compile(t, "the spelling "+spelling, fragment(spelling))
		}
	}
	if count["program"] < 2 || count["fragment"] < 2 || count["spelling"] < 20 {
		t.Errorf("found only %v", count)
	}
}

func fragment(text string) string {
	return prelude + strings.ReplaceAll(text, "…", "panic(0)") + "\n}\n"
}

// spans returns what stands in backticks.
func spans(text string) (all []string) {
	for i, s := range strings.Split(text, "`") {
		if i%2 == 1 {
			all = append(all, s)
		}
	}
	return all
}

// compile type-checks a file. It lets variables and imports go unused.
func compile(t *testing.T, what, text string) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "main.go", text, 0)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	conf := types.Config{
		Importer: importer.ForCompiler(fset, "gc", exported),
		Error: func(err error) {
			if e := err.(types.Error); !e.Soft {
				t.Errorf("%s: %v", what, err)
			}
		},
	}
	_, _ = conf.Check("main", fset, []*ast.File{f}, nil)
}

// exported opens what the compiler has found out about a package that this module
// imports, or the packages below it.
func exported(path string) (io.ReadCloser, error) {
	packages, err := built()
	if err != nil {
		return nil, err
	}
	if packages[path].Export == "" {
		return nil, fmt.Errorf("no such package: %s", path)
	}
	return os.Open(packages[path].Export)
}

type builtPackage struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// built are the packages that the snippets import, and all below: coloop/client
// brings the other layers with it.
var built = sync.OnceValues(func() (map[string]builtPackage, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export",
		"coloop/client", "coloop/loop/files", "coloop/loop/subprocess", "coloop/loop/looptest", "log", "testing")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		return nil, withStderr(err)
	}
	packages := make(map[string]builtPackage)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p builtPackage
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, err
		}
		packages[p.ImportPath] = p
	}
})

func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}

// TestReadmeRuns runs the programs of README.md that are followed by what they
// print.
func TestReadmeRuns(t *testing.T) {
	all := blocksOf(readDoc(t, "README.md"))
	ran := 0
	for i, b := range all {
		if !strings.HasPrefix(b.text, "package main") || i+1 == len(all) || all[i+1].lang != "text" {
			continue
		}
		ran++
		if got := runProgram(t, b.text); got != all[i+1].text {
			t.Errorf("the program at line %d printed\n%swant\n%s", b.line, got, all[i+1].text)
		}
	}
	if ran == 0 {
		t.Error("no program is followed by what it prints")
	}
}

// runProgram runs a main.go as if it were in a folder of this module.
func runProgram(t *testing.T, text string) string {
	t.Helper()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	overlay, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(here, "readme", "main.go"): filepath.Join(tmp, "main.go")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"main.go": text, "overlay.json": string(overlay)} {
		if err := os.WriteFile(filepath.Join(tmp, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "run", "-overlay", filepath.Join(tmp, "overlay.json"), "./readme").Output()
	if err != nil {
		t.Fatal(withStderr(err))
	}
	return string(out)
}

// TestReadmeModule follows what README.md says about a module of one's own, and puts
// its first program and its test there, without a network: the modules that coloop
// needs have been fetched for this test.
func TestReadmeModule(t *testing.T) {
	var hello, printed, commands, test string
	all := blocksOf(readDoc(t, "README.md"))
	for i, b := range all {
		switch {
		case hello == "" && strings.HasPrefix(b.text, "package main"):
			hello, printed = b.text, all[i+1].text
		case b.lang == "go" && strings.Contains(b.text, "\nfunc Test"):
			test = b.text
		case b.lang == "sh":
			commands = b.text
		}
	}
	if hello == "" || commands == "" || test == "" {
		t.Fatal("README.md does not say how")
	}
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	if err := os.Symlink(repository, filepath.Join(tmp, "coloop")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"main.go": hello, "main_test.go": test} {
		if err := os.WriteFile(filepath.Join(tmp, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	sh := exec.Command("sh", "-ec", commands+"\nmv ../main.go ../main_test.go .\ngo run .\ngo vet . >&2\ngo test . >&2\n")
	sh.Dir = tmp
	sh.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=")
	out, err := sh.Output()
	if err != nil {
		t.Fatal(withStderr(err))
	}
	if string(out) != printed {
		t.Errorf("got\n%swant\n%s", out, printed)
	}
}

// TestReadmeCommands looks for what the commands of README.md name: programs and
// packages, their options, tests and fuzz targets.
func TestReadmeCommands(t *testing.T) {
	seen := 0
	for _, b := range blocksOf(readDoc(t, "README.md")) {
		if b.lang != "" {
			continue
		}
		for _, line := range strings.Split(b.text, "\n") {
			line, _, _ = strings.Cut(line, "#")
			words := strings.Fields(line)
			if len(words) < 3 || words[0] != "go" {
				continue
			}
			seen++
			folder := ""
			if words[1] == "-C" {
				folder, words = words[2], slices.Delete(slices.Clone(words), 1, 3)
			}
			source := ""
			for i, w := range words {
				if pkg, ok := strings.CutPrefix(w, "./"); (ok || w == "." && folder != "") && pkg != "..." {
					source += sourceOf(t, filepath.Join(folder, pkg), words[1] == "test")
				}
				if w == "-run" || w == "-fuzz" {
					if name := words[i+1]; name != "'^$'" && !strings.Contains(source, "func "+name+"(") {
						t.Errorf("%s: there is no %s", line, name)
					}
				}
			}
			own := words[3:] // of the program or, after -args, of the test
			if words[1] == "test" {
				_, args, _ := strings.Cut(line, "-args")
				own = strings.Fields(args)
			}
			for _, w := range own {
				option, ok := strings.CutPrefix(w, "-")
				if ok && option != "-help" && !strings.Contains(source, `"`+strings.TrimPrefix(option, "-")+`"`) {
					t.Errorf("%s: there is no -%s", line, option)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("found only %d commands", seen)
	}
}

var testFile = regexp.MustCompile(`_test\.go$`)

// sourceOf returns the source of a package, or that of its tests.
func sourceOf(t *testing.T, pkg string, tests bool) (text string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	if err != nil || files == nil {
		t.Errorf("there is no package %s (%v)", pkg, err)
	}
	for _, f := range files {
		if testFile.MatchString(f) == tests {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			text += string(b)
		}
	}
	return text
}
