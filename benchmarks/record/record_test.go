package record_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leat-io/leat/benchmarks/record"
)

func open(t *testing.T, path string, resume bool) *record.Log {
	t.Helper()
	l, err := record.Open(path, resume)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func has(t *testing.T, l *record.Log, key string, want int) {
	t.Helper()
	var got int
	if found, err := l.Load(key, &got); err != nil || found != (want != 0) || got != want {
		t.Errorf("%s: %d, %v, %v; want %d", key, got, found, err, want)
	}
}

func TestALogGoesOnBehindALineThatWasCutShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "log.jsonl")
	l := open(t, path, true)
	for key, v := range map[string]int{"a": 1, "b": 2} {
		if err := l.Save(key, v); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, `{"key":"c","va`...), 0o644); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, true)
	if err := l.Save("d", 4); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = open(t, path, true)
	for key, want := range map[string]int{"a": 1, "b": 2, "c": 0, "d": 4} {
		has(t, l, key, want)
	}
}

func TestALogThatIsNotResumedIsEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	l := open(t, path, false)
	if err := l.Save("a", 1); err != nil {
		t.Fatal(err)
	}
	l.Close()
	has(t, open(t, path, false), "a", 0)
}

func TestACommandCanBeTyped(t *testing.T) {
	if got := record.Command("go", "run", "./peers", "-rows", "a|b", "it's", ""); got != `go run ./peers -rows 'a|b' 'it'\''s' ''` {
		t.Fatal(got)
	}
}

func TestAPartOfAPageIsReplacedWhereItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	for _, part := range [][2]string{{"one", "first"}, {"two", "second"}, {"one", "third"}} {
		if err := record.Write(path, part[0], part[1]); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	third, second := strings.Index(page, "third"), strings.Index(page, "second")
	if strings.Contains(page, "first") || third < 0 || second < third || strings.Count(page, "# Results") != 1 {
		t.Fatal(page)
	}
}

func TestAnotherProgramHasAnotherFingerprint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	seen := make(map[string]bool)
	for _, text := range []string{"one", "two", "one"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sum, err := record.Fingerprint(path)
		if err != nil {
			t.Fatal(err)
		}
		seen[sum] = true
	}
	if len(seen) != 2 {
		t.Fatal(seen)
	}
	if _, err := record.Fingerprint(path + "-missing"); err == nil {
		t.Fatal("a program that is not there has a fingerprint")
	}
}
