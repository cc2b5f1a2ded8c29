package client_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A decision is why the client may differ from net/http in some cases, or, if it is
// wrong there, what would be right.
type decision struct {
	kind  string // stricter, laxer, other or wrong
	why   string
	right string   // what the standards say
	cases []string // by name
	wants map[string][]string
}

var kinds = []string{"wrong", "stricter", "laxer", "other"}

// decisions reads the decisions, and the one for each case.
func decisions(t testing.TB) (all []*decision, of map[string]*decision) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(responses, "decisions"))
	if err != nil {
		t.Fatal(err)
	}
	of = make(map[string]*decision)
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "= "); ok {
			kind, why, _ := strings.Cut(rest, " ")
			all = append(all, &decision{kind: kind, why: why, wants: map[string][]string{}})
			if !slices.Contains(kinds, kind) {
				t.Fatalf("decisions:%d: what is %q?", i+1, kind)
			}
			continue
		}
		if len(all) == 0 {
			t.Fatalf("decisions:%d: a line before the first decision", i+1)
		}
		d := all[len(all)-1]
		if right, ok := strings.CutPrefix(line, "right: "); ok {
			d.right = right
			continue
		}
		name, want, wants := strings.Cut(line, " => ")
		if of[name] != nil {
			t.Errorf("decisions:%d: %s is decided twice", i+1, name)
		}
		if wants != (d.kind == "wrong") {
			t.Errorf("decisions:%d: what is wrong, and only that, says what is right", i+1)
		}
		d.cases = append(d.cases, name)
		d.wants[name] = strings.Split(want, " or ")
		of[name] = d
	}
	return all, of
}

// outcomes are those of one case.
type outcomes struct {
	whole, pieces, streamed outcome // of the client
	theirs                  outcome // of net/http
}

// check returns what is not as d says of a case, "" if nothing.
func (d *decision) check(name string, o outcomes) string {
	ours, theirs := o.whole.String(), o.theirs.String()
	wrong := d != nil && d.kind == "wrong"
	switch pieces, streamed := o.pieces.String(), o.streamed.String(); {
	case pieces == ours && (streamed == ours || streamed == theirs): // MaxBody is not for streams
	case wrong:
		return ""
	case pieces != ours:
		return fmt.Sprintf("whole %s, in pieces %s", ours, pieces)
	default:
		return fmt.Sprintf("whole %s, streamed %s", ours, streamed)
	}
	switch {
	case d == nil && ours == theirs:
	case d == nil:
		return fmt.Sprintf("undecided: client %s, net/http %s", ours, theirs)
	case wrong:
		for _, want := range d.wants[name] {
			if want == ours || want == "net/http" && ours == theirs {
				return "is right: it is to be taken out of the decisions"
			}
		}
	case ours == theirs:
		return "client is as net/http: there is nothing to decide"
	case relation(o.whole, o.theirs) != d.kind:
		return fmt.Sprintf("decided as %s, but it is %s: client %s, net/http %s", d.kind, relation(o.whole, o.theirs), ours, theirs)
	}
	return ""
}

// relation tells how ours differs from theirs.
func relation(ours, theirs outcome) string {
	refused := ours.Error == failed
	switch {
	case ours.Error == timedOut && theirs.Error == "":
		return "hung"
	case refused != (theirs.Error == failed):
		if refused {
			return "stricter"
		}
		return "laxer"
	}
	next, theirNext := ours.Next, theirs.Next
	ours.Next, theirs.Next = "", ""
	switch {
	case ours.String() != theirs.String():
	case next == "fresh":
		return "stricter"
	case theirNext == "fresh":
		return "laxer"
	}
	return "other"
}
