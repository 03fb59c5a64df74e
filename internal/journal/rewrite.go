package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// rewriteSuffix is appended to the path of a journal for the file that is to replace it.
const rewriteSuffix = ".rewrite"

// ErrRewriting is returned by a rewrite while another one runs.
var ErrRewriting = errors.New("the journal is being rewritten already")

// catchUp is how often a rewrite copies what was committed meanwhile before it makes commits wait for the rest.
const catchUp = 16

// Rewrite replaces the file by a new one that begins with the messages that snapshot gives to emit and goes on with all that
// was committed since Rewrite was called. Commits go on; they wait only for the end: at most about one full record is copied
// then, unless commits are faster than copying, and the new file is synced and renamed.
//
// Until the rename the old file is the journal: whatever goes wrong before is returned, and the journal is as it was.
func (w *Writer) Rewrite(snapshot func(emit func(b []byte) error) error) error {
	w.mu.Lock()
	if w.rewriting || w.closed || w.err != nil {
		defer w.mu.Unlock()
		return w.refuseRewrite()
	}
	w.rewriting = true
	from, s := w.at, sums{seed: w.sums.seed}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.rewriting = false
	}()
	err := w.rewrite(snapshot, from, s)
	if err != nil {
		return fmt.Errorf("rewriting journal %s: %w", w.path, err)
	}
	return nil
}

func (w *Writer) refuseRewrite() error {
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return fmt.Errorf("journal %s: %w", w.path, ErrClosed)
	}
	return fmt.Errorf("journal %s: %w", w.path, ErrRewriting)
}

func (w *Writer) rewrite(snapshot func(func([]byte) error) error, from int64, s sums) (err error) {
	path := w.path + rewriteSuffix
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	adopted := false
	defer func() {
		if !adopted {
			file.Close()
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if err := lock(file); err != nil {
		return err
	}
	head := newHead()
	c := &copier{file: disk{file}, at: fileHead, buf: make([]byte, recordHead)}
	if c.sums, err = parseHead(head); err != nil {
		return err
	}
	if _, err := file.WriteAt(head, 0); err != nil {
		return err
	}
	if err := errors.Join(snapshot(c.emit), c.flush()); err != nil {
		return err
	}
	for range catchUp {
		w.mu.Lock()
		to := w.at
		w.mu.Unlock()
		if to-from <= RecordFull {
			break
		}
		if err := c.copy(w.file, s, from, to); err != nil {
			return err
		}
		from = to
	}
	adopted, err = w.adopt(c, s, from)
	return err
}

// adopt copies what is left, while nobody writes, and puts the new file in the place of the old one.
func (w *Writer) adopt(c *copier, s sums, from int64) (adopted bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.busy || w.syncing {
		w.change.Wait()
	}
	if w.closed || w.err != nil {
		return false, w.refuseRewrite()
	}
	w.busy = true
	to, old := w.at, w.file
	w.mu.Unlock()
	renamed, err := c.replace(w.path, func() error { return c.copy(old, s, from, to) })
	w.mu.Lock()
	w.busy = false
	defer w.next()
	if renamed {
		w.file, w.sums, w.at, w.settled = c.file, c.sums, c.at, c.at
		w.oldest, w.newer = time.Time{}, time.Time{}
		_ = old.Close() // all of it is in the new file
		if err != nil { // after a crash either file may be found, and commits would go to one of them
			w.fail(err)
		}
	}
	return renamed, err
}

// A copier writes the file that is to replace a journal.
type copier struct {
	file disk
	sums sums
	at   int64
	buf  []byte // the record that fills, behind room for its header
}

// emit appends one or more whole messages.
func (c *copier) emit(b []byte) error {
	if len(b) > MaxMessage {
		return fmt.Errorf("a message of %d bytes is longer than %d", len(b), MaxMessage)
	}
	c.buf = append(c.buf, b...)
	if len(c.buf) < RecordFull {
		return nil
	}
	return c.flush()
}

func (c *copier) flush() error {
	if len(c.buf) == recordHead {
		return nil
	}
	c.sums.seal(c.buf, c.at, c.at)
	n, err := c.file.WriteAt(c.buf, c.at)
	c.at += int64(n)
	c.buf = emptied(c.buf)
	return err
}

// copy appends the records between two offsets of another journal.
func (c *copier) copy(f io.ReaderAt, s sums, from, to int64) error {
	r := &Reader{file: f, size: to}
	r.start(s, from)
	for {
		b, err := r.Next()
		switch {
		case err == io.EOF && r.Torn() == 0:
			return c.flush()
		case err == io.EOF:
			return fmt.Errorf("%w, at offset %d", ErrDamaged, r.Offset())
		case err != nil:
			return err
		}
		c.buf = append(c.buf, b...)
		if err := c.flush(); err != nil {
			return err
		}
	}
}

// replace syncs the file when rest has been copied, and renames it to path.
func (c *copier) replace(path string, rest func() error) (renamed bool, err error) {
	if err := rest(); err != nil {
		return false, err
	}
	if err := c.file.Sync(); err != nil {
		return false, err
	}
	if err := os.Rename(c.file.Name(), path); err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(path))
}
