package client_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("responses", false, "play the corpus of responses to other clients, too, and write RESPONSES.md")

// TestResponses plays the corpus of odd responses to the client and to net/http. Each
// disagreement must be decided, and stand in RESPONSES.md. And the client must take a
// response for the same thing if it comes byte by byte, and if its body is streamed.
func TestResponses(t *testing.T) {
	muteLog(t)
	scripts := corpus(t)
	whole, streamed := playClients(t, scripts, way{}), playClients(t, scripts, way{stream: true})
	pieces := playClients(t, slices.DeleteFunc(slices.Clone(scripts), func(s script) bool {
		late := s.end == "reset" || strings.HasPrefix(s.name, "redirect-replies/planted")
		return late || len(s.reply) > 400 // a client cannot know what is still to come
	}), way{pieces: true})
	theirs := make(map[string]outcome)
	_, decided := decisions(t)
	for _, s := range scripts {
		o := outcomes{whole[s.name], whole[s.name], streamed[s.name], playNetHTTP(t, s)}
		if p, played := pieces[s.name]; played {
			o.pieces = p
		}
		theirs[s.name] = o.theirs
		if complaint := decided[s.name].check(s.name, o); complaint != "" {
			t.Errorf("%s: %s", s.name, complaint)
		}
	}
	for name := range decided {
		if !slices.ContainsFunc(scripts, func(s script) bool { return s.name == name }) {
			t.Errorf("%s is decided, and not in the corpus", name)
		}
	}
	if t.Failed() {
		return
	}
	if *rewrite {
		record(t, scripts)
	}
	page := table(t, scripts, whole, theirs)
	if *rewrite {
		if err := os.WriteFile("RESPONSES.md", page, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile("RESPONSES.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, page) {
		t.Error("RESPONSES.md is out of date; go test ./client -run TestResponses -args -responses writes it")
	}
}
