package lines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

// push runs a batch through a sink of w on a lane of its own.
func push(w *Writer, texts ...string) {
	l := stagetest.NewLane("write")
	s := w.Sink(l.Lane)
	var batch []*Text
	for _, text := range texts {
		batch = append(batch, &Text{Bytes: []byte(text)})
	}
	s.Push(batch)
	l.End()
}

func TestLinesAreAppendedToAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	for i := range 2 {
		w, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		push(w, fmt.Sprintf("%d one\n", i), fmt.Sprintf("%d two\n", i))
		if b, err := os.ReadFile(path); err != nil || !strings.HasSuffix(string(b), "two\n") {
			t.Errorf("the end of the batch did not write: %q, %v", b, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if b, _ := os.ReadFile(path); string(b) != "0 one\n0 two\n1 one\n1 two\n" {
		t.Errorf("the file has %q", b)
	}
}

func TestAFileThatCannotBeOpenedIsAnError(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("it is none")
	}
}

type full struct{ bytes.Buffer }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	if f.Len() > 0 {
		return 0, errFull
	}
	return f.Buffer.Write(b)
}

// Whoever relies on the lines hears that they end.
func TestAFailedWriteEndsTheContextOfAGuard(t *testing.T) {
	w := NewWriter("the disk", new(full))
	ctx, stop := w.Guard(context.Background())
	defer stop()
	push(w, "first\n")
	if ctx.Err() != nil || w.Err() != nil {
		t.Fatalf("it has ended: %v", w.Err())
	}
	push(w, "second\n")
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, errFull) || !strings.Contains(err.Error(), "the disk") {
		t.Errorf("the cause is %v", err)
	}
	push(w, "third\n")
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close says %v", err)
	}
}

func TestAGuardEndsWithItsContext(t *testing.T) {
	w := NewWriter("nowhere", new(bytes.Buffer))
	ctx, stop := w.Guard(context.Background())
	stop()
	<-ctx.Done()
}

func TestWritingAllocatesNothing(t *testing.T) {
	w := NewWriter("a buffer", discard{})
	l := stagetest.NewLane("write")
	s := w.Sink(l.Lane)
	batch := []*Text{{Bytes: []byte("one\n")}, {Bytes: []byte("two\n")}}
	stagetest.Allocs(t, 0, func() {
		s.Push(batch)
		l.End()
	})
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

var _ stage.SinkMaker[Text] = new(Writer).Sink
