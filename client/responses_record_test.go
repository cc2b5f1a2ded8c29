package client_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// others are the clients whose outcomes are kept, and how they are played.
var others = []struct {
	name string
	play func(t *testing.T, cases []request) (*performance, error)
}{
	{"curl", playCurl},
	{"aiohttp", program("python3", "aiohttp_player.py")},
	{"undici", program("node", "undici_player.js")},
}

// A request is what a player is to ask.
type request struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	URL    string `json:"url"`
	Next   string `json:"next"`
}

// A performance is what a player prints.
type performance struct {
	Version string `json:"version"`
	Plays   []said `json:"plays"`
}

// A said is an outcome in a player's words: bytes are in hexadecimal.
type said struct {
	Name     string      `json:"name"`
	Error    string      `json:"error"`
	Why      string      `json:"why"` // for whoever reads the player's output
	Status   int         `json:"status"`
	Body     string      `json:"body"`
	Fields   [][2]string `json:"fields"`
	Trailers [][2]string `json:"trailers"`
	Next     *said       `json:"next"`
}

func (s *said) outcome(addr string) (o outcome, err error) {
	if s.Error != "" {
		return outcome{Error: s.Error}, nil
	}
	text := func(x string) string {
		b, failed := hex.DecodeString(x)
		err = errors.Join(err, failed)
		return strings.ReplaceAll(string(b), addr, "{addr}")
	}
	o = outcome{Status: s.Status, Body: short(text(s.Body))}
	for _, f := range s.Fields {
		o.Fields = addField(o.Fields, text(f[0]), text(f[1]))
	}
	for _, f := range s.Trailers {
		o.Trailers = addField(o.Trailers, text(f[0]), text(f[1]))
	}
	sortFields(o.Fields)
	sortFields(o.Trailers)
	return o, err
}

// record plays the scripts to the other clients that are installed, and keeps the outcomes.
func record(t *testing.T, scripts []script) {
	kept := recorded(t, scripts)
	for _, other := range others {
		stages := make(map[string]*theatre)
		cases := make([]request, len(scripts))
		for i, s := range scripts {
			st := raise(t, s)
			stages[s.name] = st
			cases[i] = request{Name: s.name, Method: s.method, URL: "http://" + st.addr + page}
			if s.end == "keep" {
				cases[i].Next = "http://" + st.addr + next
			}
		}
		p, err := other.play(t, cases)
		if err == nil {
			err = kept.add(other.name, p, stages)
		}
		if err != nil {
			t.Logf("%s is not recorded: %v", other.name, err)
		}
		for _, st := range stages {
			st.close()
		}
	}
	if err := kept.write(scripts); err != nil {
		t.Fatal(err)
	}
}

// program is a player that is a program for an interpreter, in the folder of the corpus.
func program(interpreter, file string) func(*testing.T, []request) (*performance, error) {
	return func(t *testing.T, cases []request) (*performance, error) {
		in, err := json.Marshal(cases)
		if err != nil {
			return nil, err
		}
		c := exec.CommandContext(t.Context(), interpreter, file)
		c.Dir = responses
		c.Stdin = bytes.NewReader(in)
		var failures bytes.Buffer
		c.Stderr = &failures
		out, err := c.Output()
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, failures.Bytes())
		}
		p := &performance{}
		if err := json.Unmarshal(out, p); err != nil {
			return nil, err
		}
		if len(p.Plays) != len(cases) {
			return nil, fmt.Errorf("%d of %d cases were played", len(p.Plays), len(cases))
		}
		return p, nil
	}
}

// playCurl plays with curl: a process for each case.
func playCurl(t *testing.T, cases []request) (*performance, error) {
	version, err := exec.CommandContext(t.Context(), "curl", "--version").Output()
	if err != nil {
		return nil, err
	}
	p := &performance{Plays: make([]said, len(cases))}
	words := strings.Fields(string(version))
	p.Version = strings.Join(words[:min(2, len(words))], " ")
	gate := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for i, c := range cases {
		gate <- struct{}{}
		wg.Go(func() {
			p.Plays[i] = curl(t, c)
			<-gate
		})
	}
	wg.Wait()
	return p, nil
}

func curl(t *testing.T, c request) said {
	dir := t.TempDir()
	args := func(name, method, url string) []string {
		a := []string{"--silent", "--globoff", "--location", "--max-redirs", "10", "--compressed", "--max-time", "1",
			"--output", filepath.Join(dir, name), "--dump-header", filepath.Join(dir, name+".head"),
			"--write-out", "%{exitcode} %{http_code}\n", url}
		switch method {
		case "GET":
		case "HEAD":
			a = append(a, "--head")
		case "POST":
			a = append(a, "--data-binary", "ping")
		default:
			a = append(a, "--request", method)
		}
		return a
	}
	all := args("first", c.Method, c.URL)
	if c.Next != "" {
		all = append(append(all, "--next"), args("next", "GET", c.Next)...)
	}
	cmd := exec.CommandContext(t.Context(), "curl", append([]string{"--disable"}, all...)...)
	out, _ := cmd.Output() // it has each exit code
	codes := strings.Fields(string(out))
	s := said{Error: failed}
	if len(codes) >= 2 {
		s = curled(c.Method, filepath.Join(dir, "first"), codes[0], codes[1])
	}
	if len(codes) >= 4 {
		next := curled("GET", filepath.Join(dir, "next"), codes[2], codes[3])
		s.Next = &next
	}
	s.Name = c.Name
	return s
}

// curled reads what curl has left in files.
func curled(method, file, exit, status string) (s said) {
	switch exit {
	case "0":
	case "28":
		return said{Error: timedOut}
	default:
		return said{Error: failed, Why: exit}
	}
	fmt.Sscan(status, &s.Status)
	if body, err := os.ReadFile(file); err == nil && method != "HEAD" {
		s.Body = hex.EncodeToString(body) // with --head, it is the header
	}
	head, _ := os.ReadFile(file + ".head") // none, if there was no header
	last := head[max(0, bytes.LastIndex(head, []byte("HTTP/"))):]
	fields, trailers, _ := bytes.Cut(last, []byte("\r\n\r\n"))
	_, fields, _ = bytes.Cut(fields, []byte("\r\n"))
	s.Fields, s.Trailers = curledFields(fields), curledFields(trailers)
	return s
}

func curledFields(text []byte) (fields [][2]string) {
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if k, v, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\r")), []byte(":")); ok {
			fields = append(fields, [2]string{hex.EncodeToString(k), hex.EncodeToString(v)})
		}
	}
	return fields
}
