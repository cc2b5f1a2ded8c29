package clienttest_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coloop/client"
	"coloop/client/clienttest"
	"coloop/loop"
	"coloop/loop/looptest"
)

// play are requests and what a recording of them would answer.
const play = `
{"request": {"method": "GET", "url": "http://h/a"}, "response": {"status": 200, "body": "1"}}
{"request": {"method": "POST", "url": "http://h/a?q=1", "header": {"Accept": ["x/y"]}, "body": "one"},
 "response": {"status": 200, "body": "first"}}
{"request": {"method": "POST", "url": "http://h/a?q=1", "header": {"Accept": ["z"]}, "body": "two"},
 "response": {"status": 200, "body": "second"}}
{"request": {"method": "GET", "url": "http://h/late"}, "error": {"phase": "first byte", "text": "i/o timeout", "timeout": true}}
`

func post(y *loop.Yielder, c *client.Client, accept, body string) string {
	resp, err := c.Do(y, &client.Request{Method: "POST", URL: "http://h/a?q=1", Body: []byte(body), Header: map[string][]string{"Accept": {accept}}})
	if err != nil {
		return err.Error()
	}
	return string(resp.Body)
}

func TestReplayMatches(t *testing.T) {
	none := "POST http://h/a?q=1: request: the recording has 2 exchanges of this method and URL, but they do not match"
	again := "POST http://h/a?q=1: request: the recording has no further exchange of this request"
	for _, tt := range []struct {
		name   string
		match  func(recorded, got *clienttest.RecordedRequest) bool
		repeat bool
		asked  [][2]string // Accept and body
		want   []string
	}{
		{"in order", nil, false, [][2]string{{"", "two"}, {"", ""}, {"", ""}}, []string{"first", "second", again}},
		{"repeated", nil, true, [][2]string{{"", ""}, {"", ""}, {"", ""}}, []string{"first", "second", "second"}},
		{"by body", clienttest.MatchBody, false, [][2]string{{"", "two"}, {"", "one"}, {"", "three"}, {"", "two"}}, []string{"second", "first", none, again}},
		{"by header", clienttest.MatchHeader("Accept"), false, [][2]string{{"z", ""}, {"z", ""}, {"q", ""}, {"x/y", ""}}, []string{"second", again, none, "first"}},
		{"by body, repeated", clienttest.MatchBody, true, [][2]string{{"", "one"}, {"", "one"}}, []string{"first", "first"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := clienttest.ReadReplay(strings.NewReader(play))
			if err != nil {
				t.Fatal(err)
			}
			p.Match, p.Repeat = tt.match, tt.repeat
			run(t, p, func(y *loop.Yielder, c *client.Client) {
				for i, a := range tt.asked {
					if got := post(y, c, a[0], a[1]); got != tt.want[i] {
						t.Errorf("%d: got %q, want %q", i, got, tt.want[i])
					}
				}
			})
		})
	}
}

func TestReplayErrors(t *testing.T) {
	p, err := clienttest.ReadReplay(strings.NewReader(play))
	if err != nil {
		t.Fatal(err)
	}
	run(t, p, func(y *loop.Yielder, c *client.Client) {
		var e *client.Error
		_, err := c.Get(y, "http://h/late")
		if !errors.As(err, &e) || e.Phase != client.PhaseFirstByte || !e.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		want := "GET http://h/b: request: the recording has no exchange of this request: it has GET http://h/a, POST http://h/a?q=1, POST http://h/a?q=1, GET http://h/late"
		if got := get(y, c, "GET", "http://h/b"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	f := &failures{}
	p.Verify(f)
	if want := `["clienttest: the recording: not asked for: GET http://h/a" "clienttest: the recording: not asked for: POST http://h/a?q=1" "clienttest: the recording: not asked for: POST http://h/a?q=1"]`; fmt.Sprintf("%q", f.all) != want {
		t.Errorf("got %q", f.all)
	}
	for text, want := range map[string]string{
		"nonsense": "exchange 1: invalid character",
		play + `{"request":{"method":"GET","url":"/"}}`: "exchange 5: neither a response nor an error",
		`{"request":{"methd":"GET"}}`:                   `exchange 1: json: unknown field "methd"`,
		`{"request":{"method":"GET"`:                    "exchange 1: unexpected EOF",
	} {
		if _, err := clienttest.ReadReplay(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	looptest.Run(t, func(y *loop.Yielder) error {
		if _, err := clienttest.OpenReplay(y, filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		return nil
	})
}

// TestRecorderRedacts has a function that redacts more than the usual, and a replay with the same.
func TestRecorderRedacts(t *testing.T) {
	redact := func(e *clienttest.Exchange) {
		clienttest.RedactSecrets(e)
		e.Request.URL = strings.ReplaceAll(e.Request.URL, "secret", "KEY")
		e.Request.Body = clienttest.Content(strings.ReplaceAll(string(e.Request.Body), "secret", "KEY"))
	}
	m := &clienttest.Mock{}
	m.On("/x", clienttest.Text(200, "hello"))
	file := filepath.Join(t.TempDir(), "x.jsonl")
	request := &client.Request{Method: "POST", URL: "http://h/x?key=secret", Body: []byte("key=secret")}
	looptest.Run(t, func(y *loop.Yielder) error {
		rec := clienttest.NewRecorder(file, m)
		rec.Redact = redact
		c := &client.Client{Sender: rec}
		if _, err := c.Do(y, request); err != nil {
			return err
		}
		if got := string(m.Calls()[0].Body); got != "key=secret" {
			t.Errorf("sent %q", got)
		}
		if err := rec.Close(y); err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "secret") || !strings.Contains(string(text), "key=KEY") {
			t.Errorf("%s, %v", text, err)
		}
		p, err := clienttest.OpenReplay(y, file)
		if err != nil {
			return err
		}
		p.Redact, p.Match = redact, clienttest.MatchBody
		c = &client.Client{Sender: p}
		_, err = c.Do(y, request)
		return err
	})
}

// TestRecorderOfFailures has requests that are cancelled, or fail, and a folder that is not there.
func TestRecorderOfFailures(t *testing.T) {
	m := &clienttest.Mock{}
	m.On("/hang", clienttest.Hang())
	m.On("/cut", clienttest.Body(200, func() io.Reader { return io.MultiReader(strings.NewReader("half"), cut{}) }))
	file := filepath.Join(t.TempDir(), "x.jsonl")
	looptest.Run(t, func(y *loop.Yielder) error {
		rec := clienttest.NewRecorder(file, m)
		c := &client.Client{Sender: rec}
		task := loop.Spawn(y, func(y *loop.Yielder) error { _, err := c.Get(y, "http://h/hang"); return err })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		task.Cancel()
		if _, err := task.Await(y); !loop.IsCancelled(err) {
			t.Error(err)
		}
		if _, err := c.Get(y, "http://h/cut"); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		under := loop.Spawn(y, func(y *loop.Yielder) error { _, err := c.Get(y, "http://h/hang"); return err })
		if err := loop.Sleep(y, 0); err != nil {
			return err
		}
		if err := rec.Close(y); err != nil {
			return err
		}
		under.Cancel()
		if _, err := under.Await(y); !loop.IsCancelled(err) {
			t.Error(err)
		}
		text, err := os.ReadFile(file)
		if err != nil || strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), `"error":{"phase":"body","text":"unexpected EOF"}`) {
			t.Errorf("%s, %v", text, err)
		}
		if err := clienttest.NewRecorder(filepath.Join(file, "none"), m).Close(y); err == nil {
			t.Error("a file in a file")
		}
		return nil
	})
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
