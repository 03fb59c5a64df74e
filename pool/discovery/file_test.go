package discovery_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/discovery"
)

// written makes a file whose time differs from that of every other that a test has written.
func written(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Now(), time.Now()); err != nil { // in the time of the test
		t.Fatal(err)
	}
}

// watching runs f while a file is watched.
func watching(t *testing.T, o discovery.FileOptions, f func(t *testing.T, path string, r *recorder)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "backends")
		written(t, path, "a:1\n")
		r, end := run(t, discovery.File(path, o))
		defer end()
		time.Sleep(2500 * time.Millisecond) // between two looks
		if got, _ := r.last(); got != "a:1" {
			t.Fatalf("%q was found", got)
		}
		f(t, path, r)
	})
}

// finds fails unless a file leads to a list within two looks, and not within none.
func finds(t *testing.T, r *recorder, before, after string) {
	t.Helper()
	time.Sleep(time.Second)
	if got, _ := r.last(); got != before {
		t.Errorf("%q was found at the first look, not %q", got, before)
	}
	time.Sleep(time.Second)
	if got, _ := r.last(); got != after {
		t.Errorf("%q was found, not %q", got, after)
	}
}

func TestAFileIsReadAgainWhenItWasWritten(t *testing.T) {
	watching(t, discovery.FileOptions{}, func(t *testing.T, path string, r *recorder) {
		written(t, path, "a:1\nb:1\n")
		finds(t, r, "a:1", "a:1 b:1")
		written(t, path, "a:1\nc:1\n") // of the same size
		finds(t, r, "a:1 b:1", "a:1 c:1")
		_, n := r.last()
		time.Sleep(time.Minute)
		if _, again := r.last(); again != n {
			t.Errorf("a file that stays as it is was read %d times more", again-n)
		}
	})
}

func TestAFileThatIsBeingWrittenIsNotRead(t *testing.T) {
	watching(t, discovery.FileOptions{}, func(t *testing.T, path string, r *recorder) {
		for i := range 10 {
			written(t, path, strings.Repeat("#", i)+"\nb:1")
			time.Sleep(time.Second)
		}
		if got, _ := r.last(); got != "a:1" {
			t.Errorf("%q was found of a file that was not finished", got)
		}
		time.Sleep(2 * time.Second)
		if got, _ := r.last(); got != "b:1" {
			t.Errorf("%q was found", got)
		}
	})
}

func TestARenameAndALinkThatLeadsElsewhereAreNoticed(t *testing.T) {
	watching(t, discovery.FileOptions{}, func(t *testing.T, path string, r *recorder) {
		same := time.Now().Add(-time.Hour)
		replace := func(text string) { // with one of the same size and time
			other := path + ".new"
			written(t, other, text)
			os.Chtimes(other, same, same)
			if err := os.Rename(other, path); err != nil {
				t.Fatal(err)
			}
		}
		replace("b:1\n")
		finds(t, r, "a:1", "b:1")
		replace("c:1\n")
		finds(t, r, "b:1", "c:1")

		link := func(to string) { // as the volume of a configmap does
			written(t, to, filepath.Base(to)+":1\n")
			os.Chtimes(to, same, same)
			if err := os.Symlink(to, path+".link"); err != nil {
				t.Skip("this system has no symbolic links")
			}
			if err := os.Rename(path+".link", path); err != nil {
				t.Fatal(err)
			}
		}
		link(filepath.Join(filepath.Dir(path), "d"))
		finds(t, r, "c:1", "d:1")
		link(filepath.Join(filepath.Dir(path), "e"))
		finds(t, r, "d:1", "e:1")
	})
}

func TestAFileWithAnErrorChangesNothing(t *testing.T) {
	watching(t, discovery.FileOptions{}, func(t *testing.T, path string, r *recorder) {
		wants := func(what string, change func()) {
			t.Helper()
			change()
			time.Sleep(2 * time.Second)
			if wrong, _ := r.wrong(); !strings.Contains(wrong, what) {
				t.Errorf("%q is wrong, not %q", wrong, what)
			}
		}
		wants("line 2: the address", func() { written(t, path, "b:1\nnowhere\n") })
		wants("it has no backend", func() { written(t, path, "# none\n") })
		wants("no such file", func() { os.Remove(path) })
		wants("no regular file", func() { os.Mkdir(path, 0o700) })
		if got, _ := r.last(); got != "a:1" {
			t.Errorf("%q is the list", got)
		}
		os.Remove(path)
		written(t, path, "b:1")
		time.Sleep(2 * time.Second)
		if got, _ := r.last(); got != "b:1" {
			t.Errorf("%q is the list", got)
		}
		wants("more than 8388608 bytes", func() { written(t, path, strings.Repeat("#", 8<<20+1)) })
	})
	watching(t, discovery.FileOptions{AllowEmpty: true, Interval: time.Second}, func(t *testing.T, path string, r *recorder) {
		written(t, path, "# none\n")
		finds(t, r, "a:1", "")
	})
}

func TestAFileMayComeLater(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "later")
		s := discovery.File(path, discovery.FileOptions{})
		r, end := run(t, s)
		defer end()
		time.Sleep(time.Minute + time.Second/2)
		if wrong, _ := r.wrong(); !strings.Contains(wrong, "no such file") || s.String() != "file "+path {
			t.Errorf("of a file that is not there %q is wrong", wrong)
		}
		written(t, path, "a:1")
		finds(t, r, "", "a:1")
	})
}
