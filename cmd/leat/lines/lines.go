// Package lines ends flows of text in a file or in the standard output.
//
//	w, err := lines.Open("metrics.txt")
//	flow.Queue("lines", queue.Chan, queue.Batch(256)).To("write", w.Sink)
//	ctx, stop := w.Guard(ctx)
package lines

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/leat-io/leat/stage"
)

// A Text is one or more whole lines.
type Text struct {
	stage.Head
	Bytes []byte
}

// A Writer appends text to a file. Any number of lanes may share it: what one of them pushes at once stays together.
type Writer struct {
	name string
	file io.Closer // nil for the standard output

	failed chan struct{}

	mu  sync.Mutex    // guards what follows
	out *bufio.Writer // its errors are kept: behind the first nothing is written
	err error
}

// bufferBytes is how much is written with one system call.
const bufferBytes = 64 << 10

// Open opens a file to append to, and makes it when there is none. "-" is the standard output.
func Open(path string) (*Writer, error) {
	if path == "-" {
		return NewWriter("the standard output", os.Stdout), nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	w := NewWriter(path, f)
	w.file = f
	return w, nil
}

// NewWriter writes to w, which errors call by a name.
func NewWriter(name string, w io.Writer) *Writer {
	return &Writer{name: name, failed: make(chan struct{}), out: bufio.NewWriterSize(w, bufferBytes)}
}

// Sink is a stage.SinkMaker. It may wait for who reads the lines, so it belongs behind a Queue; with queue.Batch(256) as many share
// a system call.
func (w *Writer) Sink(l *stage.Lane) stage.Sink[Text] {
	l.MayBlock()
	l.OnEnd(w.flush)
	return sink{w}
}

type sink struct{ w *Writer }

func (s sink) Push(batch []*Text) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, t := range batch {
		_, err := s.w.out.Write(t.Bytes)
		s.w.note(err)
	}
}

// flush writes what has been collected.
func (w *Writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(w.out.Flush())
}

// note keeps the first error. The caller holds mu.
func (w *Writer) note(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("writing to %s: %w", w.name, err)
		close(w.failed)
	}
}

// Err is the error that has ended the writing, or nil.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Guard returns a context that ends with ctx, or when a write fails: then its cause is the error.
func (w *Writer) Guard(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-ctx.Done():
		case <-w.failed:
			cancel(w.Err())
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Close closes the file. Close it when the pipelines that use it have ended. It returns the error that has ended the writing, if
// one has.
func (w *Writer) Close() error {
	w.flush()
	if w.file == nil {
		return w.Err()
	}
	return errors.Join(w.Err(), w.file.Close())
}
