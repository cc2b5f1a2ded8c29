package client

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPlainTarget holds the short way of parsing a URL against net/url.
func TestPlainTarget(t *testing.T) {
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(
			rapid.StringMatching(`https?://[a-z0-9.-]{1,12}(:[0-9]{1,6})?(/[a-zA-Z0-9/?&=._~-]{0,20})?`),
			rapid.StringMatching(`https?://[a-zA-Z0-9.:@%\[\]-]{0,12}(/[a-zA-Z0-9/?&=._~%;#+ -]{0,20})?`),
		).Draw(t, "url")
		got, ok := plainTarget(raw)
		if !ok {
			return
		}
		plain++
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatalf("%q: net/url says %v", raw, err)
		}
		want, err := targetOf(u, strings.Clone(raw))
		if err != nil || got != want {
			t.Fatalf("%q is %+v, by net/url %+v, %v", raw, got, want, err)
		}
	})
	for _, raw := range []string{
		"http://host/", "http://host:8080/a?b=c", "https://host/a//b", "http://127.0.0.1:34567/x", "http://h/?", "https://h",
	} {
		if _, ok := plainTarget(raw); !ok {
			t.Errorf("%q is not taken for plain", raw)
		}
	}
	if plain == 0 {
		t.Error("no URL was plain")
	}
}
