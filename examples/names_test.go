package examples_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	filePath  = regexp.MustCompile(`^(\./)?[\w*/.-]+\.(go|md|py|sh|mod)$`)
	qualified = regexp.MustCompile(`\b(coroutine|loop|netio|files|looptest|clienttest|client|subprocess)\.([A-Z]\w*)`)
	method    = regexp.MustCompile(`(?:^|[^.\w])([A-Z]\w*)\.([A-Z]\w*)`)
	word      = regexp.MustCompile(`\w+`)
)

// TestDocsNameFiles looks for the files that README.md and DESIGN.md name, and for
// files that neither names.
func TestDocsNameFiles(t *testing.T) {
	base := make(map[string]bool)
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		base[filepath.Base(path)] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	for _, doc := range []string{"README.md", "DESIGN.md"} {
		for _, span := range inline(readDoc(t, doc)) {
			name := strings.TrimPrefix(span, "./")
			top, _, folder := strings.Cut(name, "/")
			own := folder && (layers[top] != nil || top == "coroutine" || top == "examples")
			if !own && !filePath.MatchString(name) {
				continue
			}
			_, err := os.Stat(filepath.Join(root, name))
			python := strings.HasSuffix(name, ".py") && !own // a file of CPython's, as a rule
			if err != nil && !python && !(base[name] && !folder) {
				t.Errorf("%s names %s, which does not exist", doc, name)
			}
			if !folder {
				named[name] = true
			} else {
				named[strings.TrimSuffix(name, "/")] = true
			}
		}
	}
	for pkg := range layers {
		for _, f := range goFiles(t, pkg) {
			if !named[f] && !named[pkg] && !named[filepath.Base(f)] {
				t.Errorf("neither README.md nor DESIGN.md names %s", f)
			}
		}
	}
	programs, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if p.IsDir() && p.Name() != "internal" && p.Name() != "testdata" && !named["examples/"+p.Name()] {
			t.Errorf("neither README.md nor DESIGN.md names examples/%s", p.Name())
		}
	}
}

// inline returns what stands in backticks within the text of a Markdown file, not in
// its fenced blocks.
func inline(doc string) (all []string) {
	for _, line := range strings.Split(withoutBlocks(doc), "\n\n") {
		all = append(all, spans(strings.ReplaceAll(line, "\n", " "))...)
	}
	return all
}

func withoutBlocks(doc string) string {
	parts := strings.Split(doc, "\n```")
	for i := range parts {
		if i%2 == 1 {
			parts[i] = ""
		}
	}
	return strings.Join(parts, "\n\n")
}

// TestDocsNameDeclarations looks for the functions, types and variables that the
// documents name: loop.Go and the like; in the table of DESIGN.md that sets coloop
// beside CPython, all of the second column; and in the overviews with which the
// packages' documentation opens, all that begins with a capital letter.
func TestDocsNameDeclarations(t *testing.T) {
	exported := make(map[string]map[string]bool)
	all := make(map[string]bool)
	for pkg := range layers {
		names := declared(t, pkg)
		exported[filepath.Base(pkg)] = names
		maps.Copy(all, names)
	}
	design := readDoc(t, "DESIGN.md")
	for _, doc := range []string{"README.md", "DESIGN.md"} {
		for _, span := range inline(readDoc(t, doc)) {
			for _, m := range qualified.FindAllStringSubmatch(span, -1) {
				if !exported[m[1]][m[2]] {
					t.Errorf("%s names %s, which does not exist", doc, m[0])
				}
			}
			for _, m := range method.FindAllStringSubmatch(span, -1) {
				if all[m[1]] && !all[m[2]] {
					t.Errorf("%s names %s, which does not exist", doc, m[0])
				}
			}
		}
	}

	_, table, found := strings.Cut(design, "| CPython 3.13 | coloop |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")[1:]
	if !found || len(rows) < 30 {
		t.Fatal("DESIGN.md has no table of CPython and coloop")
	}
	for _, row := range rows {
		for _, span := range spans(strings.Split(row, "|")[2]) {
			if filePath.MatchString(span) || strings.Contains(span, "/") || span == "bufio" {
				continue
			}
			for _, name := range word.FindAllString(span, -1) {
				if !all[name] && name != "coroutine" && name != "task" {
					t.Errorf("DESIGN.md names %s, which does not exist, in %s", name, row)
				}
			}
		}
	}

	for file, least := range map[string]int{
		"coroutine/generator.go": 15, "loop/doc.go": 50, "loop/netio/doc.go": 8, "loop/files/doc.go": 20, "loop/subprocess/doc.go": 12, "client/client.go": 12, "client/clienttest/doc.go": 20,
	} {
		pkg := filepath.Dir(file)
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, line := range strings.Split(f.Doc.Text(), "\n") {
			call, ok := strings.CutPrefix(line, "\t")
			if !ok || pkg == "loop" && !strings.HasPrefix(call, " ") { // a heading
				continue
			}
			call, _, _ = strings.Cut(strings.TrimSpace(call), "   ") // the first column
			for _, name := range word.FindAllString(strings.ReplaceAll(call, "fmt.Println", ""), -1) {
				if ast.IsExported(name) {
					seen++
					if !all[name] {
						t.Errorf("%s names %s, which does not exist", file, name)
					}
				}
			}
		}
		if seen < least {
			t.Errorf("the overview in %s has only %d names", file, seen)
		}
	}
}

// declared are the names of the functions, methods, types, variables and fields of
// a package.
func declared(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, file := range goFiles(t, pkg) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				names[n.Name.Name] = true
			case *ast.TypeSpec:
				names[n.Name.Name] = true
			case *ast.ValueSpec:
				for _, id := range n.Names {
					names[id.Name] = true
				}
			case *ast.Field:
				for _, id := range n.Names {
					names[id.Name] = true
				}
			}
			return true
		})
	}
	return names
}

// TestFloorsOfLoop holds the picture of the floors in DESIGN.md against the files of
// package loop: each stands there once, and mentions nothing on a floor above.
func TestFloorsOfLoop(t *testing.T) {
	_, picture, found := strings.Cut(readDoc(t, "DESIGN.md"), "### The floors of loop\n")
	if !found {
		t.Fatal("DESIGN.md has no picture of the floors")
	}
	floor := make(map[string]int) // 0 is the highest
	for i, line := range strings.Split(blocksOf(picture)[0].text, "\n") {
		for _, name := range word.FindAllString(line, -1)[min(1, len(line)):] {
			if _, twice := floor[name+".go"]; twice {
				t.Errorf("%s stands on two floors", name)
			}
			floor[name+".go"] = i
		}
	}
	uses := fileUses(t, "coloop/loop")
	for _, f := range goFiles(t, "loop") {
		f = filepath.Base(f)
		if _, ok := floor[f]; !ok {
			t.Errorf("%s stands on no floor in DESIGN.md; it uses %v", f, uses[f])
			continue
		}
		for _, used := range uses[f] {
			if floor[used] < floor[f] {
				t.Errorf("%s uses %s, which is on a floor above", f, used)
			}
		}
	}
	for _, f := range slices.Sorted(maps.Keys(floor)) {
		if _, err := os.Stat(filepath.Join(root, "loop", f)); err != nil {
			t.Errorf("DESIGN.md has a floor for %s, which does not exist", f)
		}
	}
}
