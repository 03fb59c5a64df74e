package sinks_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/file"
	"github.com/leat-io/leat/stage"
)

var text = line.Text(1 << 20)

func openJournal(t testing.TB, path string, o sinks.JournalOptions) *sinks.Journal {
	t.Helper()
	j, err := sinks.OpenJournal(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() }) // for a test that has failed before it closes it
	return j
}

func closeJournal(t testing.TB, j *sinks.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "journal") }

// replayed is the lines in a journal.
func replayed(t testing.TB, path string) []string {
	t.Helper()
	lines, err := linesOf(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func linesOf(ctx context.Context, path string) (lines []string, err error) {
	src := file.Journal(path)
	p := pipeline.New("replay")
	p.From(src).Via("decode", codec.Decode(text)).
		Via("keep", stage.Do(func(l *line.Line) { lines = append(lines, string(l.Text)) })).
		To("end", sinks.Discard[line.Line]())
	err = src.Run(ctx, p)
	return lines, err
}

// journaling echoes lines from src, each of which it has kept in j before it is answered. Lanes work side by side.
func journaling(src pipeline.Source[stage.Segment], j *sinks.Journal, lanes int, opts ...pipeline.Option) *pipeline.Pipeline {
	p := pipeline.New("journaling", opts...)
	calls, copies := p.From(src).Via("decode", codec.Decode(text)).
		Shard("by request", lanes, stage.ByRequest, queue.Chan, queue.Batch(256)).
		Tee("lines")
	copies.To("journal", j.Sink(text))
	calls.To("reply", sinks.Reply(text))
	return p
}

// running runs p until the test stops it.
func running(t testing.TB, p *pipeline.Pipeline) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { stop() })
	return stop
}
