package plainmux_test

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The package, its tests with it, is made of the standard library alone: paths of the standard library have no dot in their
// first element. The tests may import the package itself.
func TestNothingButTheStandardLibraryIsImported(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range f.Imports {
			path, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			own := strings.HasSuffix(e.Name(), "_test.go") && strings.HasSuffix(path, "/internal/plainmux")
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") && !own {
				t.Errorf("%s imports %s", e.Name(), path)
			}
		}
	}
	if files < 10 {
		t.Fatalf("only %d files were found", files)
	}
}
