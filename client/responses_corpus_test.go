package client_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// responses is the folder of the corpus; the README in it tells the format of its files.
const responses = "testdata/responses"

// A script is a reply, as it stands in the corpus.
type script struct {
	name   string // file/name
	method string // of the request
	end    string // keep, close, reset or again
	reply  string // the bytes
}

var (
	methods = []string{"GET", "HEAD", "POST", "OPTIONS"}
	ends    = []string{"keep", "close", "reset", "again"}
)

// corpus reads the scripts of all files.
func corpus(t testing.TB) (all []script) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(responses, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts, err := parseScripts(strings.TrimSuffix(filepath.Base(file), ".txt"), string(text))
		if err != nil {
			t.Fatalf("%s:%v", file, err)
		}
		for _, s := range scripts {
			if seen[s.name] {
				t.Fatalf("%s: there are two of %s", file, s.name)
			}
			seen[s.name] = true
		}
		all = append(all, scripts...)
	}
	return all
}

func parseScripts(file, text string) (scripts []script, err error) {
	var s *script
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line == "", strings.HasPrefix(line, "# "):
			continue
		case strings.HasPrefix(line, "= "):
			scripts = append(scripts, script{method: "GET", end: "keep"})
			s = &scripts[len(scripts)-1]
			err = s.title(file, strings.Fields(line)[1:])
		case s == nil:
			err = fmt.Errorf("bytes without a case")
		default:
			err = s.add(line)
		}
		if err != nil {
			return nil, fmt.Errorf("%d: %w", i+1, err)
		}
	}
	return scripts, nil
}

func (s *script) title(file string, words []string) error {
	for i, w := range words {
		switch {
		case i == 0:
			s.name = file + "/" + w
		case slices.Contains(methods, w):
			s.method = w
		case slices.Contains(ends, w):
			s.end = w
		default:
			return fmt.Errorf("what is %q?", w)
		}
	}
	return nil
}

// add adds a line of bytes, or what "@ 3 abc" says: three times abc.
func (s *script) add(line string) error {
	times := 1
	if rest, ok := strings.CutPrefix(line, "@ "); ok {
		n, what, ok := strings.Cut(rest, " ")
		if times, _ = strconv.Atoi(n); !ok || times < 1 {
			return fmt.Errorf("how often is %q?", line)
		}
		line = what
	}
	b, err := strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
	if err != nil {
		return fmt.Errorf("%q: %w", line, err)
	}
	s.reply += strings.Repeat(b, times)
	return nil
}
