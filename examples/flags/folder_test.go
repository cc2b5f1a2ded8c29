package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSave(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "CN.gif")
	for _, content := range []string{"a longer one", "short", ""} {
		if err := newFolder(dir).save("CN.gif", []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("saved %q, %v, want %q", got, err, content)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "IN.gif", "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ dir, name, want string }{
		{dir, "IN.gif", "is not a regular file"},
		{filepath.Join(dir, "gone"), "US.gif", "no such file or directory"},
	} {
		err := newFolder(tc.dir).save(tc.name, nil)
		if want := "save " + filepath.Join(tc.dir, tc.name) + ": " + tc.want; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("more is left than CN.gif and IN.gif: %v", entries)
	}
}

func TestFilename(t *testing.T) {
	for country, want := range map[string]string{
		"CN":               "CN.gif",
		"United States":    "United_States.gif",
		"Côte d'Ivoire":    "Côte_d'Ivoire.gif",
		"../../etc/passwd": "_.._.._etc_passwd.gif",
		"..":               "_...gif",
		"a\x00b\nc\\d":     "a_b_c_d.gif",
		".hidden":          "_.hidden.gif",
		"a\u009bb\x7fc":    "a_b_c.gif",
		"a\u202eb":         "a_b.gif",
		"Congo (Kinshasa)": "Congo_(Kinshasa).gif",
		"/":                "_.gif",
	} {
		if got := filename(country); got != want {
			t.Errorf("filename(%q) = %q, want %q", country, got, want)
		}
	}
}

func TestCountryIn(t *testing.T) {
	if got, err := countryIn([]byte(`{"country": "France", "iso_cc": "FR"}`)); err != nil || got != "France" {
		t.Errorf("%q, %v", got, err)
	}
	for _, metadata := range []string{"", "{", "[]", "{}", `{"country": 3}`, `{"country": ""}`} {
		if got, err := countryIn([]byte(metadata)); err == nil {
			t.Errorf("%q: %q, want an error", metadata, got)
		}
	}
}

func TestPrintable(t *testing.T) {
	for path, want := range map[string]string{
		"downloads": "downloads",
		"it's mine": "it's mine",
		`a\b"c`:     `a\b"c`,
		"Größe":     "Größe",
		"a\nb":      `"a\nb"`,
		"a\x1b[2Jb": `"a\x1b[2Jb"`,
		"a\xffb":    `"a\xffb"`,
	} {
		if got := printable(path); got != want {
			t.Errorf("printable(%q) = %s, want %s", path, got, want)
		}
	}
}
