package client_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// table writes RESPONSES.md.
func table(t testing.TB, scripts []script, ours, theirs map[string]outcome) []byte {
	all, _ := decisions(t)
	kept := recorded(t, scripts)
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Odd responses, and what clients make of them

The corpus in [testdata/responses](testdata/responses) has %d responses. Each is played to this package's client, to
net/http, to curl, to aiohttp and to undici. An outcome is an error, a time-out (the server is silent), or the status, the body,
the fields and the trailers that do not belong to the framing; and then whether the next request went over the same connection
(kept), over another one (fresh), or got a wrong answer (next: …).

This page is written by `+"`go test ./client -run TestResponses -args -responses`"+`, which plays the corpus to the other three clients
again if they are installed. Without the flag the test plays it to client and net/http, and fails if a disagreement of these two
is not decided in [testdata/responses/decisions](testdata/responses/decisions), or if this page is out of date.

`, len(scripts))
	summary(&b, scripts, ours, theirs, kept)
	for _, k := range []struct{ kind, title string }{
		{"wrong", "Wrong, and to be mended"},
		{"stricter", "Stricter than net/http"},
		{"laxer", "Laxer than net/http"},
		{"other", "Other than net/http"},
	} {
		section(&b, k.kind, k.title, all, ours, theirs, kept)
	}
	return b.Bytes()
}

// section writes the decisions of one kind.
func section(b *bytes.Buffer, kind, title string, all []*decision, ours, theirs map[string]outcome, kept *recording) {
	first := true
	for _, d := range all {
		if d.kind != kind {
			continue
		}
		if first {
			fmt.Fprintf(b, "\n## %s\n", title)
			first = false
		}
		why := d.why
		if kind != "wrong" {
			why = title + " because " + why
		}
		fmt.Fprintf(b, "\n**%s.** Right: %s.\n\n", why, d.right)
		b.WriteString("| case | client | net/http | curl | aiohttp | undici |\n|---|---|---|---|---|---|\n")
		for _, name := range d.cases {
			a, n := ours[name].String(), theirs[name].String()
			fmt.Fprintf(b, "| %s | %s | %s |", name, code(a), like(n, a, "as client", "", ""))
			for _, other := range others {
				fmt.Fprintf(b, " %s |", like(kept.plays[name].By[other.name], a, "as client", n, "as net/http"))
			}
			b.WriteString("\n")
		}
	}
}

// like is a cell: a word if the text is the one for which the word stands.
func like(text, one, word, two, other string) string {
	switch text {
	case "":
		return "not played"
	case one:
		return word
	case two:
		return other
	}
	return code(text)
}

// code is an outcome in a cell.
func code(text string) string {
	mark := "`"
	if strings.Contains(text, mark) {
		mark = "``"
	}
	return mark + strings.ReplaceAll(text, "|", `\|`) + mark
}

// summary writes how the other clients stand to ours.
func summary(b *bytes.Buffer, scripts []script, ours, theirs map[string]outcome, kept *recording) {
	b.WriteString("| compared with client | the same | refuses what client takes | takes what client refuses | hangs, client does not | other |\n")
	b.WriteString("|---|---|---|---|---|---|\n")
	row := func(name string, of func(script) string) {
		var same, stricter, laxer, hangs, other int
		for _, s := range scripts {
			switch a, o := ours[s.name].String(), of(s); {
			case o == "":
			case o == a:
				same++
			case strings.HasPrefix(o, timedOut):
				hangs++
			case strings.HasPrefix(o, failed):
				stricter++
			case strings.HasPrefix(a, failed):
				laxer++
			default:
				other++
			}
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d |\n", name, same, stricter, laxer, hangs, other)
	}
	row("net/http", func(s script) string { return theirs[s.name].String() })
	for _, o := range others {
		row(kept.versions[o.name], func(s script) string { return kept.plays[s.name].By[o.name] })
	}
}
