package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Lanes count upwards in the journal while it is rewritten over and over. A snapshot is the counts at some moment after
// Rewrite was called, so a replay ends with the last count of each lane, and nothing between goes backwards by itself.
func TestNothingIsLostWhileTheFileIsRewritten(t *testing.T) {
	skipWithoutRename(t)
	for _, p := range []Policy{Always, EverySecond, Never} {
		t.Run(p.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "j")
			w := opened(t, path, Options{Policy: p})
			const lanes, each = 4, 200
			state := [lanes]struct { // as it is between two batches of the lane that owns it
				sync.Mutex
				n int
			}{}
			var wg sync.WaitGroup
			for l := range lanes {
				wg.Go(func() {
					for i := 1; i <= each; i++ {
						state[l].Lock()
						commit(t, w, fmt.Sprintf("%d=%d ", l, i))
						state[l].n = i
						state[l].Unlock()
					}
				})
			}
			stop, ended := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				for over := false; !over; { // once more when the lanes have ended: they may be faster than the first
					select {
					case <-stop:
						over = true
					default:
					}
					if err := w.Rewrite(func(emit func([]byte) error) error {
						for l := range lanes {
							state[l].Lock()
							n := state[l].n
							state[l].Unlock()
							if err := emit(fmt.Appendf(nil, "%d=%d ", l, n)); err != nil {
								return err
							}
						}
						return nil
					}); err != nil {
						t.Error(err)
					}
				}
			}()
			wg.Wait()
			close(stop)
			<-ended
			size := w.Stats().Size
			closed(t, w)
			got := readFile(t, path)
			if got.err != nil || got.torn != 0 || got.offset != size {
				t.Fatalf("%v, %d torn, size %d and not %d", got.err, got.torn, got.offset, size)
			}
			last := [lanes]int{}
			for _, m := range strings.Fields(strings.Join(got.texts, "")) {
				l, n, _ := strings.Cut(m, "=")
				i, _ := strconv.Atoi(l)
				last[i], _ = strconv.Atoi(n)
			}
			if last != [lanes]int{each, each, each, each} {
				t.Errorf("a replay ends with %v", last)
			}
		})
	}
}

func skipWithoutRename(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this system does not replace a file that is open")
	}
}

func TestARewriteMakesTheFileShorterAndKeepsItLocked(t *testing.T) {
	skipWithoutRename(t)
	dir := t.TempDir()
	link, path := filepath.Join(dir, "link"), filepath.Join(dir, "j")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("this system makes no symbolic link: ", err)
	}
	closed(t, opened(t, path, Options{}))
	w := opened(t, link, Options{})
	for range 100 {
		commit(t, w, strings.Repeat("x", 1000))
	}
	before := w.Stats().Size
	long := strings.Repeat("s", RecordFull/2+1)
	if err := w.Rewrite(func(emit func([]byte) error) error {
		commit(t, w, "meanwhile")
		return errors.Join(emit([]byte("one ")), emit([]byte("two ")), emit([]byte(long)), emit([]byte(long)), emit([]byte("last")))
	}); err != nil {
		t.Fatal(err)
	}
	commit(t, w, "later")
	if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer of the new file: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link was replaced: %v", err)
	}
	closed(t, w)
	got := readFile(t, path)
	if !slices.Equal(got.texts, []string{"one two " + long + long, "last", "meanwhile", "later"}) || got.err != nil {
		t.Errorf("%d records, %v", len(got.texts), got.err)
	}
	if before < 100_000 {
		t.Errorf("the file had %d bytes", before)
	}
	if names, _ := os.ReadDir(dir); len(names) != 2 {
		t.Errorf("%v is left", names)
	}
}

func TestARewriteThatFailsLeavesTheJournalAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	w := opened(t, path, Options{})
	commit(t, w, "one")
	boom := errors.New("a test")
	snapshots := map[string]func(func([]byte) error) error{
		"an error": func(emit func([]byte) error) error { return errors.Join(emit([]byte("half")), boom) },
		"another rewrite": func(func([]byte) error) error {
			return w.Rewrite(func(func([]byte) error) error { return nil })
		},
		"too long a message": func(emit func([]byte) error) error { return emit(make([]byte, MaxMessage+1)) },
	}
	for what, snapshot := range snapshots {
		if err := w.Rewrite(snapshot); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", what, err)
		}
	}
	func() {
		defer func() { _ = recover() }()
		w.Rewrite(func(func([]byte) error) error { panic(boom) })
	}()
	if err := w.Rewrite(snapshots["another rewrite"]); !errors.Is(err, ErrRewriting) {
		t.Error(err)
	}
	commit(t, w, "two")
	closed(t, w)
	if err := w.Rewrite(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed journal: %v", err)
	}
	if got := readFile(t, path); !slices.Equal(got.texts, []string{"one", "two"}) {
		t.Errorf("%q", got.texts)
	}
	if _, err := os.Stat(path + rewriteSuffix); err == nil {
		t.Error("the new file is left")
	}
}

// A crash in the middle of a rewrite leaves the old journal and a piece of the new one.
func TestWhatARewriteLeavesBehindIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	w := opened(t, path, Options{})
	commit(t, w, "one")
	closed(t, w)
	if err := os.WriteFile(path+rewriteSuffix, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed(t, opened(t, path, Options{}))
	if _, err := os.Stat(path + rewriteSuffix); err == nil {
		t.Error("it is still there")
	}
	if got := readFile(t, path); !slices.Equal(got.texts, []string{"one"}) {
		t.Errorf("%q", got.texts)
	}
}
