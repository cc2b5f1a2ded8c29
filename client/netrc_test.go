package client

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// TestNetrcFile parses what stands in such files.
func TestNetrcFile(t *testing.T) {
	type entries = map[string]netrcEntry
	for _, tt := range []struct {
		text string
		want entries
		err  string
	}{
		{"", entries{}, ""},
		{"machine a login b password c", entries{"a": {"b", "c"}}, ""},
		{"machine a\r\n\tuser b\r\n\taccount x\r\n\tpassword c\r\n", entries{"a": {"b", "c"}}, ""},
		{"machine a login b\nmachine a password c", entries{"a": {"", "c"}}, ""}, // the last counts
		{"default login b password c machine a login d", entries{"default": {"b", "c"}, "a": {"d", ""}}, ""},
		{"machine a password \"b \\\"c\\\\\" login d", entries{"a": {"d", `b "c\`}}, ""},
		{"machine a password b\\ c\\\"d login \"\"", entries{"a": {"", `b c"d`}}, ""},
		{"machine a password #b login c", entries{"a": {"c", "#b"}}, ""},
		{"machine a login login password machine", entries{"a": {"login", "machine"}}, ""},
		{"#one\n\n# two machine x\nmachine a # login x\nlogin b # c d\n#\npassword c\n#", entries{"a": {"b", "c"}}, ""},
		{"macdef m\nmachine x\nlogin y\n\nmachine a", entries{"a": {}}, ""},
		{"machine a macdef m\nx\n\n\nmachine b", entries{"a": {}, "b": {}}, ""},
		{"machine a password b\\", entries{"a": {"", "b"}}, ""},
		{"machine a password \"b", entries{"a": {"", "b"}}, ""},
		{"machine", nil, "line 1: machine without a name"},
		{"machine a\nmacdef", nil, "line 2: macdef without a name"},
		{"macdef m\nx\n", nil, "line 3: macdef without an empty line at its end"},
		{"\nlogin a", nil, "line 2: expected machine, default or macdef"},
		{"machine a\nlogin b c", nil, "line 2: expected login, password or account"},
	} {
		got, err := parseNetrc(tt.text)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%q: got %v, %v", tt.text, got, err)
			}
			continue
		}
		if err != nil || !maps.Equal(got, tt.want) {
			t.Errorf("%q: got %v, %v", tt.text, got, err)
		}
	}
}

// TestNetrcAsCPython parses random files, without comments, and has python3 do the same.
func TestNetrcAsCPython(t *testing.T) {
	const script = `
import json, netrc, os, sys, tempfile
out = []
with tempfile.TemporaryDirectory() as d:
    name = os.path.join(d, "netrc")
    for text in json.load(sys.stdin):
        with open(name, "w", newline="") as f:
            f.write(text)
        try:
            out.append({k: [v[0], v[2]] for k, v in netrc.netrc(name).hosts.items()})
        except netrc.NetrcParseError:
            out.append(None)
json.dump(out, sys.stdout)
`
	words := []string{
		"machine", "machine", "machine a", "default", "login", "login b", "user", "password", "password c", "account", "macdef", "macdef m\nx\n\n",
		"a", "b", `"x y"`, `""`, `"`, `\`, `\"`, `\ `, "é", "\n", "\r\n", "\n\n", "\t",
	}
	r := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, 600)
	for i := range texts {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(words[r.IntN(len(words))])
			if r.IntN(5) > 0 {
				b.WriteString(" ")
			}
		}
		texts[i] = b.String()
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "python3", "-X", "utf8", "-c", script)
	c.Stdin = strings.NewReader(string(in))
	out, err := c.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	var theirs []map[string][2]string
	if err == nil {
		err = json.Unmarshal(out, &theirs)
	}
	if err != nil || len(theirs) != len(texts) {
		t.Fatal(len(theirs), err)
	}
	parsed := 0
	for i, text := range texts {
		got, err := parseNetrc(text)
		var ours map[string][2]string
		if err == nil {
			parsed++
			ours = make(map[string][2]string)
			for k, v := range got {
				ours[k] = [2]string{v.login, v.password}
			}
		}
		if (ours == nil) != (theirs[i] == nil) || !maps.Equal(ours, theirs[i]) {
			t.Errorf("%q: got %q, %v; CPython %q", text, ours, err, theirs[i])
		}
	}
	if parsed < 60 {
		t.Errorf("only %d of the files were right", parsed)
	}
}
