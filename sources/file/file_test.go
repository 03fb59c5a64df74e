package file_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/file"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestAFileIsOneStream(t *testing.T) {
	for _, n := range []int{0, 1, 100, 30_000} {
		lines, content := numbered(n)
		if n == 0 {
			content = ""
		}
		src := file.Open(write(t, content))
		got, err := replay(t.Context(), src)
		if err != nil || src.Err() != nil {
			t.Errorf("%d lines: %v, %v", n, err, src.Err())
		}
		same(t, got, lines)
		if f, want := src.Replayed(), (file.Figures{Bytes: int64(len(content)), Valid: int64(len(content))}); f != want {
			t.Errorf("%+v, want %+v", f, want)
		}
	}
}

func TestAJournalIsReplayedCommitByCommit(t *testing.T) {
	lines, content := numbered(5000)
	all := strings.SplitAfter(content, "\n")
	for what, pieces := range map[string][]string{
		"one by one": all[:len(lines)], "all at once": {content}, "three": {all[0], strings.Join(all[1:4000], ""), strings.Join(all[4000:], "")},
	} {
		path, offsets := kept(t, pieces...)
		src := file.Journal(path)
		got, err := replay(t.Context(), src)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		same(t, got, lines)
		if f, want := src.Replayed(), (file.Figures{Records: int64(len(pieces)), Bytes: int64(len(content)), Valid: offsets[len(pieces)]}); f != want {
			t.Errorf("%s: %+v, want %+v", what, f, want)
		}
	}
}

// The bound on what is in flight holds the reading up, and the queues in front of slow lanes do too.
func TestAReplayThroughOtherLanesIsWhole(t *testing.T) {
	lines, content := numbered(50_000) // more than may be in flight
	path, _ := kept(t, content)
	var s store
	if err := replayBehind(t.Context(), file.Journal(path), 4, s.keep); err != nil {
		t.Fatal(err)
	}
	slices.Sort(s.lines)
	slices.Sort(lines)
	same(t, s.lines, lines)
}

// A stage that holds messages until the flow ends has them when Run returns.
func TestWhatStagesHoldIsFlushed(t *testing.T) {
	lines, content := numbered(100)
	var s store
	src := file.Open(write(t, content))
	p := pipeline.New("replay")
	p.From(src).Via("decode", codec.Decode(text)).Via("hold", stage.Batch[line.Line](1000, time.Hour)).
		Via("store", stage.Do(s.keep)).To("end", sinks.Discard[line.Line]())
	if err := src.Run(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	same(t, s.lines, lines)
}

func TestAnswersGoNowhere(t *testing.T) {
	_, content := numbered(1000)
	src := file.Open(write(t, content))
	p := pipeline.New("replay")
	p.From(src).Via("decode", codec.Decode(text)).To("reply", sinks.Reply(text))
	if err := src.Run(t.Context(), p); err != nil {
		t.Error(err)
	}
}

func TestAJournalThatIsNotThereIsEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	src := file.Journal(path)
	if got, err := replay(t.Context(), src); err != nil || len(got) > 0 || src.Replayed() != (file.Figures{}) {
		t.Errorf("%d lines, %v, %+v", len(got), err, src.Replayed())
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was made")
	}
	if _, err := replay(t.Context(), file.Open(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("as a plain file: %v", err)
	}
}

func TestATornTailIsCountedAndLeftOut(t *testing.T) {
	path, offsets := kept(t, "one\n", "two\n", "three\n")
	if err := os.Truncate(path, offsets[3]-2); err != nil {
		t.Fatal(err)
	}
	src := file.Journal(path)
	got, err := replay(t.Context(), src)
	if err != nil {
		t.Error(err)
	}
	same(t, got, []string{"one", "two"})
	if f, want := src.Replayed(), (file.Figures{Records: 2, Bytes: 8, Valid: offsets[2], Torn: offsets[3] - 2 - offsets[2]}); f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
}

func TestDamageEndsTheReplayWithAnError(t *testing.T) {
	path, offsets := kept(t, "one\n", "two\n", "three\n")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[offsets[2]-1] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	src := file.Journal(path)
	got, err := replay(t.Context(), src)
	if !errors.Is(err, file.ErrDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), fmt.Sprintf("at offset %d", offsets[1])) {
		t.Errorf("the replay returned %v", err)
	}
	same(t, got, []string{"one"})
	src = file.Journal(path, file.UpToDamage())
	if got, err = replay(t.Context(), src); err != nil || src.Replayed().Valid != offsets[1] {
		t.Errorf("up to the damage: %v, %+v", err, src.Replayed())
	}
	same(t, got, []string{"one"})
}

func TestWhatCannotBeDecodedEndsTheReplayAndSaysWhere(t *testing.T) {
	_, content := numbered(3000)
	long := strings.Repeat("x", 2<<20)
	for what, c := range map[string]struct {
		src  *file.Source
		err  error
		want string
	}{
		"a long line":                {file.Open(write(t, content+long)), line.ErrTooLong, fmt.Sprintf("behind offset %d ", len(content))},
		"a line without an end":      {file.Open(write(t, content+"half")), io.ErrUnexpectedEOF, fmt.Sprintf("offset %d is not whole", len(content))},
		"nothing but half a line":    {file.Open(write(t, "half")), io.ErrUnexpectedEOF, "offset 0 is not whole"},
		"a journal of something":     {journalOf(t, "one\n", "half", " two\n"), io.ErrUnexpectedEOF, "is not whole"},
		"half a line at the end":     {journalOf(t, "one\n", "half"), io.ErrUnexpectedEOF, "is not whole"},
		"no journal":                 {file.Journal(write(t, "one\ntwo\nthree\nfour and some more\n")), nil, "not a journal"},
		"a directory":                {file.Open(t.TempDir()), nil, "is a directory"},
		"a long line in a journal":   {journalOf(t, "one\n", long+"\n"), line.ErrTooLong, "cannot be decoded"},
		"a long line behind a block": {journalOf(t, content, long+"\n"), line.ErrTooLong, fmt.Sprintf("behind offset %d ", 24+20+len(content))},
	} {
		_, err := replay(t.Context(), c.src)
		if err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q is missing in: %v", what, c.want, err)
		}
	}
}

func journalOf(t *testing.T, pieces ...string) *file.Source {
	path, _ := kept(t, pieces...)
	return file.Journal(path)
}

// A replay that has lost a message is none, wherever that happened and however late.
func TestAStageThatFailsAMessageFailsTheReplay(t *testing.T) {
	for _, at := range []int{0, 500, 999} {
		lines, content := numbered(1000)
		path, _ := kept(t, content)
		err := replayBehind(t.Context(), file.Journal(path), 2, func(l *line.Line) {
			if string(l.Text) == lines[at] {
				panic("a test")
			}
		})
		if !errors.Is(err, stage.ErrPanic) || !strings.Contains(err.Error(), path) {
			t.Errorf("at line %d: %v", at, err)
		}
	}
	src := file.Open(write(t, "one\ntwo\n"))
	p := pipeline.New("replay")
	p.From(src).Via("decode", codec.Decode(text)).Via("quit", stage.Do(func(l *line.Line) { l.Conn().Finish(nil) })).
		To("end", sinks.Discard[line.Line]())
	if err := src.Run(t.Context(), p); !errors.Is(err, stage.ErrStopped) {
		t.Errorf("a stage that closes the connection: %v", err)
	}
}

func TestAReplayThatIsStoppedSaysSo(t *testing.T) {
	_, content := numbered(100_000)
	path, offsets := kept(t, content, content)
	ctx, cancel := context.WithCancel(t.Context())
	src := file.Journal(path)
	var once sync.Once
	err := replayBehind(ctx, src, 1, func(*line.Line) { once.Do(cancel) })
	if !errors.Is(err, stage.ErrStopped) || src.Replayed().Valid >= offsets[2] {
		t.Errorf("%v, at %d of %d", err, src.Replayed().Valid, offsets[2])
	}
	select {
	case <-src.Done():
	default:
		t.Error("Done is open")
	}
}

// A stage that does not come back does not keep the pipeline from ending.
func TestAStuckStageIsLeftBehind(t *testing.T) {
	gate, src := make(chan struct{}), file.Open(write(t, "one\n"))
	p := pipeline.New("replay", pipeline.DrainTime(50*time.Millisecond))
	p.From(src).Via("decode", codec.Decode(text)).Via("stuck", stage.Do(func(*line.Line) { <-gate })).To("end", sinks.Discard[line.Line]())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var lost *pipeline.DrainError
	if err := src.Run(ctx, p); !errors.As(err, &lost) {
		t.Errorf("%v", err)
	}
	close(gate)
	<-src.Done()
}

// A source may share a pipeline with others: its end is not theirs, and its lane keeps the time for its stages.
func TestTheLaneTicksBehindTheEndOfTheFile(t *testing.T) {
	lines, content := numbered(10)
	var s store
	src := file.Open(write(t, content), file.Name("commands"))
	p := pipeline.New("p")
	ctx, cancel := context.WithCancel(t.Context())
	p.From(src).Via("decode", codec.Decode(text)).Via("hold", stage.Batch[line.Line](1000, 5*time.Millisecond)).
		Queue("queue", queue.Chan).
		Via("store", stage.Do(func(l *line.Line) {
			if s.keep(l); len(s.lines) == len(lines) {
				cancel()
			}
		})).To("end", sinks.Discard[line.Line]())
	if err := p.Run(ctx); err != nil {
		t.Error(err)
	}
	same(t, s.lines, lines)
	g := p.Stats().Node("commands").Gauges
	if !slices.Contains(g, pipeline.Gauge{Name: "state", Value: "at its end"}) || !slices.Contains(g, pipeline.Gauge{Name: "bytes", Value: fmt.Sprint(len(content))}) {
		t.Errorf("%v", g)
	}
}

// counted is how many allocations a replay of this journal makes.
func counted(t *testing.T, path string) float64 {
	return testing.AllocsPerRun(5, func() {
		src, n := file.Journal(path), 0
		p := pipeline.New("replay")
		p.From(src).Via("decode", codec.Decode(text)).Via("count", stage.Do(func(*line.Line) { n++ })).To("end", sinks.Discard[line.Line]())
		if err := src.Run(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	})
}

// Messages cost no allocation: a long journal of small commits costs as many as a short one.
func TestReplayAllocatesNothingPerMessage(t *testing.T) {
	stagetest.Allocs(t, 0, func() {}) // skips where allocations cannot be counted
	_, content := numbered(1000)
	pieces := strings.SplitAfter(content, "\n")[:1000]
	short, _ := kept(t, pieces...)
	long, _ := kept(t, slices.Repeat(pieces, 20)...)
	if a, b := counted(t, short), counted(t, long); b > a+100 {
		t.Errorf("%v allocations for 1000 messages, %v for 20000", a, b)
	}
}
