package file_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/internal/journal"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/file"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

// A store is what a replay fills.
type store struct {
	mu    sync.Mutex
	lines []string
}

func (s *store) keep(l *line.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, string(l.Text))
}

var text = line.Text(1 << 20)

// replay runs the lines of src through a store, on the lane that reads them.
func replay(ctx context.Context, src *file.Source) ([]string, error) {
	var s store
	p := pipeline.New("replay")
	p.From(src).Via("decode", codec.Decode(text)).Via("store", stage.Do(s.keep)).To("end", sinks.Discard[line.Line]())
	err := src.Run(ctx, p)
	return s.lines, err
}

// replayBehind is replay with the store on other lanes.
func replayBehind(ctx context.Context, src *file.Source, lanes int, keep func(*line.Line)) error {
	p := pipeline.New("replay")
	p.From(src).Via("decode", codec.Decode(text)).
		Shard("by key", lanes, func(l *line.Line) uint64 { return stage.Hash(l.Text) }, queue.Chan, queue.Cap(16)).
		Via("store", stage.Do(keep)).To("end", sinks.Discard[line.Line]())
	return src.Run(ctx, p)
}

func write(t testing.TB, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// numbered is n lines, and the bytes of a file that consists of them.
func numbered(n int) (lines []string, content string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%50)))
	}
	return lines, strings.Join(lines, "\n") + "\n"
}

// kept writes a journal with one commit for each of the given pieces, and returns its records' offsets too.
func kept(t testing.TB, pieces ...string) (path string, offsets []int64) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal")
	w, err := journal.Open(path, journal.Options{Policy: journal.Never})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		offsets = append(offsets, w.Stats().Size)
		if err := w.Commit([]byte(p), 1); err != nil {
			t.Fatal(err)
		}
	}
	offsets = append(offsets, w.Stats().Size)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path, offsets
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%d lines were replayed, want %d", len(got), len(want))
	}
}
