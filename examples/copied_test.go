package examples_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// TestVetFindsCopies: go vet reports a copy of whatever must not be copied.
func TestVetFindsCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go vet")
	}
	dir := filepath.Join("testdata", "copied")
	source, err := os.ReadFile(filepath.Join(dir, "copied.go"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []int
	for i, line := range bytes.Split(source, []byte("\n")) {
		if bytes.HasSuffix(line, []byte("// copied")) {
			want = append(want, i+1)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "vet", "-copylocks", "./"+dir).CombinedOutput()
	if err == nil {
		t.Fatalf("go vet finds nothing; output: %s", out)
	}
	for _, m := range regexp.MustCompile(`copied\.go:(\d+):`).FindAllSubmatch(out, -1) {
		line, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	got = slices.Compact(got)
	if !slices.Equal(got, want) {
		t.Errorf("reported are lines %v, want %v; output:\n%s", got, want, out)
	}
}
