package journal

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/stage/stagetest"
)

// Lanes that commit at the same time share syncs, and everybody's messages are on the disk before they go on.
func TestCommitsOfManyLanesShareSyncs(t *testing.T) {
	const lanes, each = 64, 50
	w, m := newMemory(t, Always)
	var wg sync.WaitGroup
	gate := make(chan struct{})
	m.hook(nil, func() error { <-gate; return nil })
	for l := range lanes {
		wg.Go(func() {
			for i := range each {
				commit(t, w, fmt.Sprintf("%d/%d;", l, i))
				m.mu.Lock()
				kept := bytes.Contains(m.b[:m.kept], fmt.Appendf(nil, "%d/%d;", l, i))
				m.mu.Unlock()
				if !kept {
					t.Errorf("lane %d went on before its message %d was synced", l, i)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for open := true; open; {
		for range 100 { // a slow disk: whoever can commits meanwhile
			runtime.Gosched()
		}
		select {
		case <-done:
			open = false
		case gate <- struct{}{}:
		}
	}
	if m.syncs > lanes*each/4 {
		t.Errorf("%d syncs for %d commits", m.syncs, lanes*each)
	}
	s := w.Stats()
	if s.Messages != lanes*each || s.Commits != uint64(m.syncs) || s.Syncs != s.Commits || s.Size != int64(len(m.b)) {
		t.Errorf("%+v with %d syncs and %d bytes", s, m.syncs, len(m.b))
	}
	if err := w.Close(); err != nil || !m.closed {
		t.Error(err)
	}
	next := map[string]int{}
	for _, record := range read(m.b).texts {
		for _, msg := range strings.Split(strings.TrimSuffix(record, ";"), ";") {
			var i int
			l, rest, _ := strings.Cut(msg, "/")
			fmt.Sscan(rest, &i)
			if next[l] != i {
				t.Fatalf("lane %s: message %d comes after %d", l, i, next[l]-1)
			}
			next[l]++
		}
	}
	if len(next) != lanes {
		t.Errorf("messages of %d lanes", len(next))
	}
}

// What one lane brings while another writes is one record and one sync, in a bubble where that can be arranged.
func TestThoseWhoComeWhileOneSyncsAreTheNextGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newMemory(t, Always)
		gate := make(chan struct{})
		m.hook(nil, func() error { <-gate; return nil })
		var wg sync.WaitGroup
		wg.Go(func() { commit(t, w, "first") })
		synctest.Wait()
		for range 10 {
			wg.Go(func() { commit(t, w, ".") })
		}
		synctest.Wait()
		if got := read(m.bytes()).texts; !slices.Equal(got, []string{"first"}) {
			t.Errorf("while the first syncs the file has %q", got)
		}
		close(gate)
		wg.Wait()
		if got := read(m.bytes()).texts; !slices.Equal(got, []string{"first", ".........."}) || m.syncs != 2 {
			t.Errorf("%q, %d syncs", got, m.syncs)
		}
		w.Close()
	})
}

// A group that is full waits for its turn, and so do those who find it full: what waits in memory is bounded.
func TestAGroupIsNotMoreThanAFullRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newMemory(t, Always)
		gate := make(chan struct{})
		m.hook(nil, func() error { <-gate; return nil })
		var wg sync.WaitGroup
		b := make([]byte, RecordFull/4+1)
		for range 10 {
			wg.Go(func() {
				if err := w.Commit(b, 1); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if len(w.fill) > recordHead+RecordFull {
			t.Errorf("%d bytes wait", len(w.fill))
		}
		close(gate)
		wg.Wait()
		for i, r := range read(m.bytes()).texts {
			if len(r) > 3*len(b) {
				t.Errorf("record %d has %d bytes", i, len(r))
			}
		}
		if err := w.Commit(make([]byte, 2*RecordFull), 1); err != nil {
			t.Errorf("a long message: %v", err)
		}
		commit(t, w, "end")
		if got := read(m.bytes()).texts; len(got[len(got)-2]) != 2*RecordFull || cap(w.spare) > 2*RecordFull || cap(w.fill) > 2*RecordFull {
			t.Errorf("a long message is %d bytes; buffers of %d and %d bytes are kept", len(got[len(got)-2]), cap(w.spare), cap(w.fill))
		}
		w.Close()
	})
}

func TestAFailedWriteOrSyncEndsTheJournalForEverybody(t *testing.T) {
	for _, what := range []string{"write", "sync"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, m := newMemory(t, Always)
				commit(t, w, "kept")
				gate := make(chan struct{})
				fail := func() error { <-gate; return errDisk }
				if what == "write" {
					m.hook(fail, nil)
				} else {
					m.hook(nil, fail)
				}
				errs := make(chan error, 6)
				for range 5 {
					go func() { errs <- w.Commit([]byte("lost"), 1) }()
					synctest.Wait() // the first writes, the others are the group behind it
				}
				full := make([]byte, RecordFull)
				go func() { errs <- w.Commit(full, 1) }() // finds that group too full
				synctest.Wait()
				close(gate)
				for range 6 {
					if err := <-errs; !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "journal memory") {
						t.Errorf("a commit returned %v", err)
					}
				}
				m.hook(nil, nil) // the disk is well again, and nobody believes it
				if err := w.Commit([]byte("late"), 1); !errors.Is(err, errDisk) {
					t.Errorf("a later commit returned %v", err)
				}
				<-w.Failed()
				if err := w.Err(); !errors.Is(err, errDisk) || w.Stats().Err != err {
					t.Error(err)
				}
				if err := w.Close(); !errors.Is(err, errDisk) || !m.closed || m.syncs != 1 {
					t.Errorf("Close returned %v after %d syncs", err, m.syncs)
				}
				got := read(m.bytes())
				if len(got.texts) == 0 || got.texts[0] != "kept" || strings.Contains(strings.Join(got.texts, ""), "late") {
					t.Errorf("%q", got.texts)
				}
			})
		})
	}
}

func TestWithoutAPolicyToSyncOnlyCloseDoes(t *testing.T) {
	w, m := newMemory(t, Never)
	for range 100 {
		commit(t, w, "x")
	}
	if m.syncs != 0 {
		t.Errorf("%d syncs", m.syncs)
	}
	if err := w.Close(); err != nil || m.syncs != 1 || m.kept != len(m.b) {
		t.Errorf("%v, %d syncs of %d bytes out of %d", err, m.syncs, m.kept, len(m.b))
	}
	if err := w.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if err := w.Commit([]byte("x"), 1); !errors.Is(err, ErrClosed) {
		t.Errorf("a commit behind Close: %v", err)
	}
}

func TestCloseWaitsForCommitsAndReportsItsOwnSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newMemory(t, Always)
		gate := make(chan struct{})
		m.hook(nil, func() error { <-gate; return nil })
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { commit(t, w, "x") })
			synctest.Wait()
		}
		closed := make(chan error, 1)
		go func() { closed <- w.Close() }()
		synctest.Wait()
		if m.closed {
			t.Error("closed while commits wait")
		}
		close(gate)
		wg.Wait()
		if err := <-closed; err != nil || strings.Join(read(m.bytes()).texts, "") != "xxx" {
			t.Error(err)
		}
		w, m = newMemory(t, Never)
		commit(t, w, "x")
		m.hook(nil, func() error { return errDisk })
		if err := w.Close(); !errors.Is(err, errDisk) || w.Err() != err {
			t.Errorf("Close returned %v", err)
		}
	})
}

func TestCommitRefusesWhatNoReaderWouldTake(t *testing.T) {
	w, m := newMemory(t, Always)
	if err := w.Commit(nil, 0); err != nil || len(m.b) != fileHead {
		t.Errorf("nothing makes a record: %v", err)
	}
	huge := make([]byte, maxRecord+1) // never touched, so it costs no memory
	if err := w.Commit(huge, 1); err == nil || w.Err() != nil {
		t.Errorf("a record too long: %v, %v", err, w.Err())
	}
	w.Close()
}

func TestCommitAllocatesNothing(t *testing.T) {
	for _, p := range []Policy{Always, EverySecond, Never} {
		t.Run(p.String(), func(t *testing.T) {
			w, m := newMemory(t, p)
			defer w.Close()
			m.b = make([]byte, fileHead, 1<<20)
			b := make([]byte, 100)
			stagetest.Allocs(t, 0, func() {
				if err := w.Commit(b, 3); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
