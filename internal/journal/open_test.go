package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func opened(t testing.TB, path string, o Options) *Writer {
	t.Helper()
	w, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func closed(t testing.TB, w *Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) reading {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return read(b)
}

func TestAJournalGoesOnWhereItEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	for i, text := range some {
		w := opened(t, path, Options{Policy: Policy(i % 3)})
		if s := w.Stats(); s.Found != int64(i) || s.Torn != 0 {
			t.Errorf("%d records and %d torn bytes were found, want %d", s.Found, s.Torn, i)
		}
		commit(t, w, text)
		closed(t, w)
	}
	if got := readFile(t, path); got.err != nil || !slices.Equal(got.texts, some) || got.torn != 0 {
		t.Errorf("%+v", got)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}

// The tail is cut before anything is appended, or what is appended would make it look like damage.
func TestATornTailIsCutOffAndWhatFollowsIsKept(t *testing.T) {
	b, at := written(t, Always, some...), ends(some)
	path := filepath.Join(t.TempDir(), "j")
	for n := range len(b) + 1 {
		if err := os.WriteFile(path, b[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		w := opened(t, path, Options{Policy: Never})
		whole := 0
		for whole < len(some) && at[whole+1] <= int64(n) {
			whole++
		}
		torn := int64(n) - at[whole]
		if n < fileHead {
			torn = int64(n)
		}
		if s := w.Stats(); s.Torn != torn || s.Found != int64(whole) || s.Size != at[whole] {
			t.Fatalf("cut at %d: %+v, want %d records and %d torn bytes", n, s, whole, torn)
		}
		commit(t, w, "later")
		closed(t, w)
		if got := readFile(t, path); got.err != nil || got.torn != 0 || !slices.Equal(got.texts, append(slices.Clone(some[:whole]), "later")) {
			t.Fatalf("cut at %d: afterwards %+v", n, got)
		}
	}
}

func TestDamageIsRefusedAndTheFileIsLeftAlone(t *testing.T) {
	b, at := written(t, Always, some...), ends(some)
	b[at[2]+recordHead] ^= 1
	path := filepath.Join(t.TempDir(), "j")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open returned %v", err)
	}
	if now, _ := os.ReadFile(path); string(now) != string(b) {
		t.Error("the file was changed")
	}
	w := opened(t, path, Options{AcceptDamage: true})
	if s := w.Stats(); s.Found != 2 || s.Torn != int64(len(b))-at[2] {
		t.Errorf("%+v", s)
	}
	closed(t, w)
	if got := readFile(t, path); got.err != nil || !slices.Equal(got.texts, some[:2]) {
		t.Errorf("%+v", got)
	}
}

func TestOneJournalHasOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	w := opened(t, path, Options{})
	defer w.Close()
	second, err := Open(path, Options{})
	if err == nil {
		second.Close()
		if runtime.GOOS == "windows" {
			t.Skip("this system has no lock that goes with an open file")
		}
	}
	if !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	closed(t, w)
	closed(t, opened(t, path, Options{}))
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{filepath.Join(dir, "no", "such"): fs.ErrNotExist, text: ErrFormat} {
		w, err := Open(path, Options{})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), path) || w != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if b, _ := os.ReadFile(text); string(b) != "hello\n" {
		t.Error("the file of somebody else was changed")
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("a directory was opened")
	}
	if _, err := Open(filepath.Join(dir, "j"), Options{Policy: 7}); err == nil || !strings.Contains(err.Error(), "policy 7") {
		t.Errorf("an unknown policy: %v", err)
	}
}
