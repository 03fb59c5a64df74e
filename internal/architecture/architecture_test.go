package architecture

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// units reads the imports of every package, on every system and under every tag. Tests may import what they like.
func units(t *testing.T) []unit {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		dir = filepath.ToSlash(dir)
		if imports[dir] == nil {
			imports[dir] = []string{}
		}
		for _, s := range f.Imports {
			p, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				return err
			}
			imports[dir] = append(imports[dir], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []unit
	for path, imps := range imports {
		slices.Sort(imps)
		all = append(all, unit{path, slices.Compact(imps)})
	}
	return all
}

func TestImportsFollowThePackageMap(t *testing.T) {
	all := units(t)
	for _, path := range lean { // so that a walk that finds nothing is noticed
		if !slices.ContainsFunc(all, func(u unit) bool { return u.path == path }) {
			t.Errorf("package %s was not found", path)
		}
	}
	for _, v := range violations(all) {
		t.Error(v)
	}
}

func TestThereAreNoOtherFolders(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(folders, e.Name()) {
			t.Errorf("the top-level folder %s is not one of %v", e.Name(), folders)
		}
	}
}

func TestLeanPackagesLinkFewModules(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to ask")
	}
	args := []string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}
	for _, p := range lean {
		args = append(args, "./"+p)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	if !slices.Contains(linked, module) {
		t.Fatalf("go list does not say that the module links itself: %q", out)
	}
	if f := foreign(linked); len(f) > mostModules {
		t.Errorf("%v link %d modules of others, more than %d: %v", lean, len(f), mostModules, f)
	}
}

// The rules bite: whatever they ought to refuse they do.
func TestForgedImportsAreRefused(t *testing.T) {
	for _, c := range []struct{ of, imports, want string }{
		{"stage", "pipeline", "package stage may not import pipeline"},
		{"stage", "internal/peers", "package stage may not import internal/peers"},
		{"pipeline", "codec", "package pipeline may not import codec"},
		{"pipeline", "sources/mem", "package pipeline may not import sources/mem"},
		{"pipeline", "pipeline/compare", "package pipeline may not import pipeline/compare"},
		{"pipeline/queue", "pipeline", "package pipeline/queue may not import pipeline"},
		{"codec/resp", "sources/tcp", "package codec/resp may not import sources/tcp"},
		{"codec", "pipeline", "package codec may not import pipeline"},
		{"codec/mux", "codec/frame", "package codec/mux may not import codec/frame"},
		{"codec/mux/session", "codec/mux/compress", "package codec/mux/session may not import codec/mux/compress"},
		{"internal/plainmux", "codec/mux", "package internal/plainmux may not import codec/mux"},
		{"sources/tcp", "codec", "package sources/tcp may not import codec"},
		{"sources/tcp", "sources/mem", "package sources/tcp may not import sources/mem"},
		{"sources/tcp/engine", "stage", "package sources/tcp/engine is not in the package map"},
		{"sinks", "sources/tcp", "package sinks may not import sources/tcp"},
		{"pool/health", "sinks", "package pool/health may not import sinks"},
		{"internal/peers", "pipeline", "package internal/peers may not import pipeline"},
		{"util", "stage", "package util is not in the package map"},
		{"stages", "stage", "package stages is not in the package map"},
		{"cmd/other", "stage", "package cmd/other is not in the package map"},
		{"cmd/leat/demo", "sources/tcp", ""},
		{"sources/muxnet", "sources/tcp", ""},
		{"sources/muxnet", "codec/mux/session", ""},
		{"sources/muxnet", "codec/mux/compress", ""},
		{"pool/balance", "pool", ""},
	} {
		if got := strings.Join(violations([]unit{{c.of, []string{"fmt", module + "/" + c.imports}}}), "; "); got != c.want {
			t.Errorf("%s imports %s: got %q, want %q", c.of, c.imports, got, c.want)
		}
	}
	modules := []string{module, "", "fmt"}
	for i := range 8 {
		modules = append(modules, fmt.Sprint("example.org/", i), fmt.Sprint("example.org/", i))
	}
	if n := len(foreign(modules)); n != 9 {
		t.Errorf("%d foreign modules were counted, not 9", n)
	}
}
