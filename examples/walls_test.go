package examples_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the module.
const root = ".."

// layers are the packages and the packages of this module that each may import.
var layers = map[string][]string{
	"coroutine":           nil,
	"loop/internal/poll":  nil,
	"loop/internal/heapq": nil,
	"loop":                {"coroutine", "loop/internal/poll", "loop/internal/heapq"},
	"loop/files":          {"loop"},
	"loop/netio":          {"coroutine", "loop"},
	"loop/looptest":       {"coroutine", "loop"},
	"loop/subprocess":     {"loop", "loop/netio"},

	"client/internal/pool": {"loop"},
	"client":               {"coroutine", "loop", "loop/files", "loop/netio", "client/internal/pool"},
	"client/clienttest":    {"client", "loop", "loop/files"},
}

// libraries are the modules of others that each of these packages may import.
var libraries = map[string][]string{
	"loop/internal/poll": {"github.com/panjf2000/gnet/v2", "golang.org/x/sys"},
	"loop/files":         {"github.com/fsnotify/fsnotify"},
	"loop/netio":         {"golang.org/x/sys"},
	"loop/subprocess":    {"golang.org/x/sys"},
	"loop/looptest":      {"go.uber.org/goleak"},
	"client":             {"github.com/valyala/fasthttp", "github.com/klauspost/compress", "github.com/andybalholm/brotli", "golang.org/x/net"},
	"client/clienttest":  {"golang.org/x/net"},
}

// TestArrowsBetweenPackages holds the picture of the layers in DESIGN.md against
// the imports, on every system at once.
func TestArrowsBetweenPackages(t *testing.T) {
	for pkg, below := range layers {
		for file, imports := range importsOf(t, pkg) {
			for _, path := range imports {
				switch own, ours := strings.CutPrefix(path, "coloop/"); {
				case ours && !slices.Contains(below, own):
					t.Errorf("%s imports %s, which is not below %s", file, path, pkg)
				case !ours && strings.Contains(path, ".") && !slices.ContainsFunc(libraries[pkg], func(m string) bool {
					return path == m || strings.HasPrefix(path, m+"/")
				}):
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}

// importsOf returns what the files of a package import, without its tests.
func importsOf(t *testing.T, pkg string) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, name := range goFiles(t, pkg) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = nil
		for _, spec := range f.Imports {
			all[name] = append(all[name], strings.Trim(spec.Path.Value, `"`))
		}
	}
	return all
}

// goFiles returns the Go files of a package, for all systems, without its tests.
func goFiles(t *testing.T, pkg string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, pkg))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".go") && !strings.HasSuffix(n, "_test.go") {
			names = append(names, pkg+"/"+n)
		}
	}
	if names == nil {
		t.Fatalf("package %s has no files", pkg)
	}
	return names
}

// core are the files of package loop that know one another: a task is a future, a
// future schedules tasks on its loop, and a handle runs on one.
var core = []string{"future.go", "handle.go", "loop.go", "task.go"}

// TestNoCirclesBetweenFiles looks for files of package loop that need one another,
// directly or by way of others.
func TestNoCirclesBetweenFiles(t *testing.T) {
	uses := fileUses(t, "coloop/loop")
	if !slices.Contains(uses["queues.go"], "park.go") || !slices.Contains(uses["loop.go"], "handle.go") {
		t.Fatal("this test does not see what files use")
	}
	reach := make(map[string]map[string]bool)
	for file := range uses {
		reach[file] = map[string]bool{}
		for todo := uses[file]; len(todo) > 0; {
			next := todo[0]
			todo = todo[1:]
			if !reach[file][next] {
				reach[file][next] = true
				todo = append(todo, uses[next]...)
			}
		}
	}
	for _, a := range slices.Sorted(maps.Keys(uses)) {
		for b := range reach[a] {
			if a < b && reach[b][a] && !(slices.Contains(core, a) && slices.Contains(core, b)) {
				t.Errorf("%s and %s need one another; they use %v and %v", a, b, uses[a], uses[b])
			}
		}
	}
}

// fileUses returns for each file of a package the other files of it in which
// something is declared that the file mentions.
func fileUses(t *testing.T, path string) map[string][]string {
	t.Helper()
	packages, err := built()
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range packages[path].GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(packages[path].Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", exported)}
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	checked, err := conf.Check(path, fset, files, &info)
	if err != nil {
		t.Fatal(err)
	}

	in := func(p token.Pos) string { return filepath.Base(fset.Position(p).Filename) }
	uses := make(map[string][]string)
	for id, obj := range info.Uses {
		from := in(id.Pos())
		if obj.Pkg() != checked || !obj.Pos().IsValid() {
			continue
		}
		if to := in(obj.Pos()); to != from && !slices.Contains(uses[from], to) {
			uses[from] = append(uses[from], to)
		}
	}
	for _, u := range uses {
		slices.Sort(u)
	}
	return uses
}
