package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A recording is what the other clients made of the corpus, as it is kept in the tree.
type recording struct {
	versions map[string]string
	plays    map[string]*takes // by script
}

// A takes is what the other clients made of one script: the Strings of their outcomes.
type takes struct {
	Sum uint32            `json:"sum"` // of the script that was played
	By  map[string]string `json:"by"`
}

// sum tells scripts apart.
func (s script) sum() uint32 { return crc32.ChecksumIEEE([]byte(s.method + s.end + s.reply)) }

// file is the file of the corpus in which the script stands.
func (s script) file() string { return s.name[:strings.Index(s.name, "/")] }

func recordingFile(name string) string {
	return filepath.Join(responses, "recorded", name+".json")
}

// recorded reads the recording. It has nothing about scripts that have changed since.
func recorded(t testing.TB, scripts []script) *recording {
	t.Helper()
	r := &recording{versions: map[string]string{}, plays: map[string]*takes{}}
	read := func(name string, into any) {
		text, err := os.ReadFile(recordingFile(name))
		if errors.Is(err, fs.ErrNotExist) {
			return
		} else if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("recording %s: %v", name, err)
		}
	}
	read("versions", &r.versions)
	var plays map[string]*takes
	file := ""
	for _, s := range scripts {
		if s.file() != file {
			file, plays = s.file(), nil
			read(file, &plays)
		}
		if p := plays[s.name]; p != nil && p.Sum == s.sum() {
			r.plays[s.name] = p
		} else {
			r.plays[s.name] = &takes{s.sum(), map[string]string{}}
		}
	}
	return r
}

// add adds a performance.
func (r *recording) add(player string, p *performance, stages map[string]*theatre) error {
	r.versions[player] = p.Version
	for _, s := range p.Plays {
		st := stages[s.Name]
		o, err := s.outcome(st.addr)
		if err == nil && s.Next != nil && st.before.Load() == 1 {
			var next outcome
			next, err = s.Next.outcome(st.addr)
			o.Next = next.follow()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		r.plays[s.Name].By[player] = o.String()
	}
	return nil
}

// write writes the recording: a file for each of the corpus, a line for each script.
func (r *recording) write(scripts []script) error {
	files := map[string]*bytes.Buffer{"versions": {}}
	enc := func(b *bytes.Buffer, v any) error {
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	if err := enc(files["versions"], r.versions); err != nil {
		return err
	}
	for _, s := range scripts {
		b := files[s.file()]
		if b == nil {
			b = bytes.NewBufferString("{\n")
			files[s.file()] = b
		} else {
			b.Truncate(b.Len() - 1)
			b.WriteString(",\n")
		}
		fmt.Fprintf(b, "%q: ", s.name)
		if err := enc(b, r.plays[s.name]); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(recordingFile("")), 0o777); err != nil {
		return err
	}
	for name, b := range files {
		if name != "versions" {
			b.WriteString("}\n")
		}
		if err := os.WriteFile(recordingFile(name), b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	return nil
}
