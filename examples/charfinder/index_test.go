package main

import (
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	x := NewIndex(' ', 0x7f)
	for query, want := range map[string]string{
		"dollar":       "$",
		"sign":         "#$%+<=>",
		"Capital a":    "A",
		"a CAPITAL":    "A",
		"hyphen-minus": "-",
		"a small a":    "a",
		"control":      "",
		"brillig":      "",
		"a brillig":    "",
		"":             "",
	} {
		if got := string(x.Search(query)); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{"letter", strings.Repeat("letter ", 1e4)} {
		if got := len(x.Search(query)); got != 52 {
			t.Errorf("%.20q: %d letters", query, got)
		}
	}
}

func TestLongestName(t *testing.T) {
	for word := range NewFullIndex() {
		if len(word) > maxQuery {
			t.Errorf("%s cannot be asked for", word)
		}
	}
}
