package journal

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A watch remembers what was acknowledged and when.
type watch struct {
	m     *memory
	acked []ack
}

type ack struct {
	at  time.Time
	end int // length of the file when the commit returned
}

// lost is the age of the oldest acknowledged commit that a loss of power would take now.
func (w *watch) lost(now time.Time) time.Duration {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	for _, a := range w.acked {
		if a.end > w.m.kept {
			return now.Sub(a.at)
		}
	}
	return 0
}

// run commits every 100 ms for a while and returns the age of the oldest loss there could have been.
func (w *watch) run(t *testing.T, j *Writer, d time.Duration) (worst time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		worst = max(worst, w.lost(time.Now())) // before the commit: power may go at any time
		commit(t, j, "x")
		w.acked = append(w.acked, ack{time.Now(), len(w.m.bytes())})
		time.Sleep(100 * time.Millisecond)
	}
	return worst
}

func TestEverySecondLosesASecondAndASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, m := newMemory(t, EverySecond)
		w := &watch{m: m}
		time.Sleep(10 * time.Second)
		if n, _ := m.synced(); n != 0 {
			t.Errorf("%d syncs while there was nothing to sync", n)
		}
		if worst := w.run(t, j, time.Minute); worst > time.Second {
			t.Errorf("what had been acknowledged for %v was not synced", worst)
		}
		if n, _ := m.synced(); n < 50 || n > 60 {
			t.Errorf("%d syncs in a minute", n)
		}
		time.Sleep(2 * time.Second)
		before, _ := m.synced()
		time.Sleep(time.Minute)
		if n, all := m.synced(); n != before || !all {
			t.Errorf("at rest there were %d syncs more; all is synced: %v", n-before, all)
		}
		m.hook(nil, func() error { time.Sleep(700 * time.Millisecond); return nil })
		if worst := w.run(t, j, time.Minute); worst > 1800*time.Millisecond {
			t.Errorf("with slow syncs what had been acknowledged for %v was not synced", worst)
		}
		if s := j.Stats(); s.Late != 0 {
			t.Errorf("%d commits waited for a sync that took .7 s", s.Late)
		}
		j.Close()
	})
}

// A sync that hangs stops the commits two seconds after the first that it has not covered.
func TestCommitsWaitForASyncThatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, m := newMemory(t, EverySecond)
		gate := make(chan error)
		m.hook(nil, func() error { return <-gate })
		began := time.Now()
		commit(t, j, "first")
		var last atomic.Int64 // when the latest commit returned, since began
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for time.Since(began) < time.Minute {
				commit(t, j, "x")
				last.Store(int64(time.Since(began)))
				time.Sleep(10 * time.Millisecond)
			}
		}()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if d := time.Duration(last.Load()); d > lateAfter || d < lateAfter-100*time.Millisecond {
			t.Errorf("the last commit returned %v after one that is not synced", d)
		}
		if s := j.Stats(); s.Late != 1 {
			t.Errorf("%d commits are counted as late", s.Late)
		}
		gate <- nil // covers what had been written before the sync began, a second after the first commit
		m.hook(nil, nil)
		synctest.Wait()
		time.Sleep(10 * time.Millisecond)
		if time.Since(began)-time.Duration(last.Load()) > 20*time.Millisecond {
			t.Error("the commits did not go on")
		}
		<-stopped
		if n, _ := m.synced(); j.Stats().Late > 2 || n < 35 {
			t.Errorf("%d late, %d syncs", j.Stats().Late, n)
		}
		err := j.Close()
		if _, all := m.synced(); err != nil || !all {
			t.Errorf("%v; all is synced: %v", err, all)
		}
	})
}

func TestASyncThatFailsBesideTheCommitsEndsTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, m := newMemory(t, EverySecond)
		m.hook(nil, func() error { time.Sleep(5 * time.Second); return errDisk })
		commit(t, j, "x")
		time.Sleep(2500 * time.Millisecond)
		if err := j.Commit([]byte("y"), 1); !errors.Is(err, errDisk) { // waits for the sync
			t.Errorf("a commit that waited returned %v", err)
		}
		<-j.Failed()
		if err := j.Close(); !errors.Is(err, errDisk) {
			t.Error(err)
		}
	})
}

// Close does not leave a commit waiting that was waiting for a late sync.
func TestCloseSyncsForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, m := newMemory(t, EverySecond)
		m.hook(nil, func() error { time.Sleep(10 * time.Second); return nil })
		commit(t, j, "x")
		time.Sleep(3 * time.Second)
		var wg sync.WaitGroup
		wg.Go(func() { commit(t, j, "y") })
		synctest.Wait()
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if got := read(m.b).texts; !slices.Equal(got, []string{"x", "y"}) || m.kept != len(m.b) {
			t.Errorf("%q", got)
		}
	})
}
