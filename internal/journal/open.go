package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrLocked is returned for a journal that another process, or another writer of this one, has open.
var ErrLocked = errors.New("another server writes to it")

// Options say how a journal is opened.
type Options struct {
	Policy Policy
	// AcceptDamage cuts the file off at a damaged record, with all that follows, instead of refusing it. A damaged header of
	// the file is refused all the same.
	AcceptDamage bool
}

// Open locks the journal at path, makes it when there is none, reads all of it, cuts off a torn tail, and syncs what is left.
func Open(path string, o Options) (*Writer, error) {
	if o.Policy > Never {
		return nil, fmt.Errorf("journal %s: there is no %v", path, o.Policy)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a rewrite replaces the file, not a link to it
	}
	w, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w", path, err)
	}
	return w, nil
}

func open(path string, o Options) (w *Writer, err error) {
	f, err := lockedFile(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	found, valid, size, err := check(f, o.AcceptDamage)
	if err != nil {
		return nil, err
	}
	// A rewrite that was interrupted. Nobody else can be at it, for whoever rewrites holds the lock.
	if err := os.Remove(path + rewriteSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	torn := size - valid
	if torn > 0 {
		if err := f.Truncate(valid); err != nil {
			return nil, err
		}
	}
	head := newHead()
	if valid == 0 {
		if _, err := f.WriteAt(head, 0); err != nil {
			return nil, err
		}
		valid = fileHead
	} else if _, err := readAt(f, head, 0); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if w, err = NewWriter(path, f, head, valid, o.Policy); err != nil {
		return nil, err
	}
	w.stats.Found, w.stats.Torn = found, torn
	return w, nil
}

// check reads a journal and says how many records are in it, where the good part ends, and how long the file is.
func check(f disk, acceptDamage bool) (records, valid, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0, 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, 0, 0, fmt.Errorf("%w: it is no regular file", ErrFormat)
	}
	size = info.Size()
	r, err := NewReader(f, size)
	if err != nil {
		return 0, 0, 0, err
	}
	for {
		_, err := r.Next()
		switch {
		case err == io.EOF, acceptDamage && errors.Is(err, ErrDamaged):
			return records, r.Offset(), size, nil
		case err != nil:
			return 0, 0, 0, err
		}
		records++
	}
}

// lockedFile opens the file at path and locks it. A rewrite may have put another one in its place between the two.
func lockedFile(path string) (disk, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return disk{}, err
		}
		if err := lock(f); err != nil {
			f.Close()
			return disk{}, err
		}
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return disk{}, err
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return disk{f}, nil
		}
		f.Close()
	}
}

// A disk is a file whose Sync flushes its bytes and its length, and no other of its attributes where that saves something.
type disk struct{ *os.File }

func (d disk) Sync() error {
	if err := dataSync(d.File); err != nil {
		return &os.PathError{Op: "sync", Path: d.Name(), Err: err}
	}
	return nil
}
