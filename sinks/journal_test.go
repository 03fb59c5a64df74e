package sinks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// Many connections and four lanes: whatever was answered is in the file, each connection's lines in their order, and the
// lanes have shared commits.
func TestWhatIsAnsweredIsInTheJournal(t *testing.T) {
	for _, sync := range []sinks.JournalSync{sinks.SyncAlways, sinks.SyncEverySecond, sinks.SyncNever} {
		t.Run(sync.String(), func(t *testing.T) {
			path := newPath(t)
			j := openJournal(t, path, sinks.JournalOptions{Sync: sync})
			src := mem.New()
			p := journaling(src, j, 4)
			stop := running(t, p)
			sent := echoes(t, 16, 100, func() (io.ReadWriter, error) { return src.Dial() })
			if s := j.Stats(); s.Messages != 1600 || s.Commits > 1600 || s.Size < 1600 {
				t.Errorf("%+v", s)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			closeJournal(t, j)
			got := replayed(t, path)
			if slices.Sort(got); !slices.Equal(got, sent) {
				t.Errorf("%d lines are in the journal, %d were answered", len(got), len(sent))
			}
		})
	}
}

// echoes sends lines over connections, all at once on each, reads their answers, and returns what was answered, sorted.
func echoes(t *testing.T, conns, each int, dial func() (io.ReadWriter, error)) (all []string) {
	var wg sync.WaitGroup
	for c := range conns {
		conn, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i := range each {
			s := fmt.Sprintf("%04d %06d", c, i)
			all = append(all, s)
			b.WriteString(s + "\n")
		}
		wg.Go(func() {
			if _, err := io.WriteString(conn, b.String()); err != nil {
				t.Error(err)
			}
			back := make([]byte, b.Len())
			if _, err := io.ReadFull(conn, back); err != nil || string(back) != b.String() {
				t.Errorf("%q came back, %v", back, err)
			}
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all
}

// A sink that waits for the disk would stop the reading of all connections.
func TestAJournalIsRefusedOnTheLaneOfASource(t *testing.T) {
	j := openJournal(t, newPath(t), sinks.JournalOptions{})
	p := pipeline.New("p")
	p.From(mem.New()).Via("decode", codec.Decode(text)).To("journal", j.Sink(text))
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), `"journal" may block`) {
		t.Errorf("Run returned %v", err)
	}
	closeJournal(t, j)
}

func TestABatchIsOneCommit(t *testing.T) {
	path := newPath(t)
	j := openJournal(t, path, sinks.JournalOptions{})
	f := fixtureOf(j.Sink(encoder{}), 1)
	f.sink.Push([]*answer{f.request(0, "a"), f.request(0, "b"), f.request(0, "c")})
	f.End()
	f.sink.Push(nil)
	f.End()
	s := j.Stats()
	check(t, "commits", s.Commits, uint64(1))
	check(t, "syncs", s.Syncs, uint64(1))
	check(t, "messages", s.PerCommit(), 3.0)
	params := map[string]string{}
	for _, p := range f.sink.(stage.Tunable).Params() {
		if params[p.Name] = p.Get(); p.Set != nil {
			t.Errorf("%s can be set", p.Name)
		}
	}
	for name, want := range map[string]string{"path": path, "sync": "always", "commits": "1", "messages": "3", "messages-per-commit": "3.0", "syncs": "1", "error": "none"} {
		check(t, name, params[name], want)
	}
	closeJournal(t, j)
	b, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(string(b), "[a][b][c]") {
		t.Errorf("%q, %v", b, err)
	}
}

// What the encoder makes in one batch may be more than a record holds.
func TestALongBatchIsSeveralCommits(t *testing.T) {
	path := newPath(t)
	j := openJournal(t, path, sinks.JournalOptions{Sync: sinks.SyncNever})
	f := fixtureOf(j.Sink(encoder{}), 1)
	var batch []*answer
	for range 50 {
		batch = append(batch, f.request(0, strings.Repeat("x", 100_000)))
	}
	f.sink.Push(batch)
	f.End()
	if s := j.Stats(); s.Messages != 50 || s.Commits != 5 || s.Size < 5_000_000 {
		t.Errorf("%+v", s)
	}
	closeJournal(t, j)
}

func TestAnEncoderThatGoesWrongKeepsItsMessageOutOfTheJournal(t *testing.T) {
	for what, label := range map[string]string{"error": "failed", "panic": "panic", "short": "panic"} {
		t.Run(what, func(t *testing.T) {
			path := newPath(t)
			j := openJournal(t, path, sinks.JournalOptions{})
			f := fixtureOf(j.Sink(encoder{}), 3)
			f.sink.Push([]*answer{f.request(0, "before"), f.request(1, what), f.request(2, "after")})
			f.End()
			reason, closed := f.conns[1].Closed()
			check(t, "closed", closed, true)
			check(t, "label of the reason", stage.LabelOf(reason), label)
			for _, c := range []int{0, 2} {
				_, closed := f.conns[c].Closed()
				check(t, "the other connections are closed", closed, false)
			}
			closeJournal(t, j)
			b, err := os.ReadFile(path)
			if err != nil || !strings.HasSuffix(string(b), "[before][after]") {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}

func TestAClosedJournalFailsConnections(t *testing.T) {
	j := openJournal(t, newPath(t), sinks.JournalOptions{})
	closeJournal(t, j)
	f := fixtureOf(j.Sink(encoder{}), 2)
	f.sink.Push([]*answer{f.request(0, "a"), f.request(1, "b")})
	f.End()
	for _, c := range f.conns {
		if reason, closed := c.Closed(); !closed || !strings.Contains(fmt.Sprint(reason), "the journal is closed") {
			t.Errorf("closed %v, %v", closed, reason)
		}
	}
	if r := f.Reported(); len(r) != 1 || !strings.Contains(r[0].Error(), "sink: journal ") {
		t.Errorf("reported: %v", r)
	}
}

func TestOpenJournalSaysWhatIsWrong(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, []byte("SET a 1\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sinks.OpenJournal(path, sinks.JournalOptions{}); !errors.Is(err, sinks.ErrJournalFormat) || !strings.Contains(err.Error(), path) {
		t.Errorf("a file of something else: %v", err)
	}
}

func TestGuardEndsWithItsParentToo(t *testing.T) {
	j := openJournal(t, newPath(t), sinks.JournalOptions{})
	parent, end := context.WithCancel(t.Context())
	ctx, cancel := j.Guard(parent)
	defer cancel()
	end()
	<-ctx.Done()
	if err := context.Cause(ctx); err != context.Canceled || j.Err() != nil {
		t.Errorf("%v, %v", err, j.Err())
	}
	ctx, cancel = j.Guard(t.Context())
	cancel()
	<-ctx.Done()
	closeJournal(t, j)
}

// Compaction while clients write: the file begins with the state, and goes on with what came since.
func TestAServerRewritesItsJournal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this system does not replace a file that is open")
	}
	path := newPath(t)
	j := openJournal(t, path, sinks.JournalOptions{Sync: sinks.SyncNever})
	src := tcp.Listen("127.0.0.1:0")
	if err := src.Bind(); err != nil {
		t.Fatal(err)
	}
	stop := running(t, journaling(src, j, 2))
	dial := func() (io.ReadWriter, error) {
		c, err := net.Dial("tcp", src.Addr().String())
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
		return c, err
	}
	echoes(t, 4, 500, dial)
	before := j.Stats().Size
	if err := j.Rewrite(func(emit func([]byte) error) error { return emit([]byte("the state\n")) }); err != nil {
		t.Fatal(err)
	}
	if after := j.Stats().Size; after >= before/10 {
		t.Errorf("%d bytes became %d", before, after)
	}
	sent := echoes(t, 2, 10, dial)
	if err := stop(); err != nil {
		t.Error(err)
	}
	closeJournal(t, j)
	got := replayed(t, path)
	if len(got) == 0 || got[0] != "the state" {
		t.Fatalf("%q", got)
	}
	if rest := got[1:]; !slices.Equal(slices.Sorted(slices.Values(rest)), sent) {
		t.Errorf("%d lines behind the state, want %d", len(rest), len(sent))
	}
}

func TestAJournalAllocatesNothingPerMessage(t *testing.T) {
	j := openJournal(t, newPath(t), sinks.JournalOptions{Sync: sinks.SyncNever})
	stagetest.Allocs(t, 0, pushes(j))
	closeJournal(t, j)
}

// pushes is a batch of 32 messages, their journal, and its end.
func pushes(j *sinks.Journal) func() {
	l := stagetest.NewLane("journal")
	sink, arena := j.Sink(text)(l.Lane), stage.NewArena[line.Line](l.Lane)
	batch, body := make([]*line.Line, 32), []byte("a line of thirty-two bytes, about")
	return func() {
		for i := range batch {
			batch[i] = arena.New()
			batch[i].Text = body
		}
		sink.Push(batch)
		l.End()
	}
}

// One op is 32 lines that nobody syncs, on the disk where temporary files are.
func BenchmarkJournal(b *testing.B) {
	j := openJournal(b, newPath(b), sinks.JournalOptions{Sync: sinks.SyncNever})
	f := pushes(j)
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*32), "ns/msg")
	closeJournal(b, j)
}
