package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// FileOptions say how a file is watched. A field that is zero means its default.
type FileOptions struct {
	Interval   time.Duration // at which it is looked at; 1 s
	AllowEmpty bool          // a file without a backend is a list of none. Otherwise that is an error, as of one cut short
}

const (
	defaultInterval = time.Second
	maxFile         = 8 << 20 // bytes: lines of 128 for as many backends as there may be
)

// File is a source that reads a file of lines; see [ParseLines]. It notices that the file was written, replaced, or that a symbolic link
// leads elsewhere, and reads it when it has been the same for an interval, since one that is being written may be half there. A file
// with an error changes nothing.
func File(path string, o FileOptions) Source {
	if o.Interval <= 0 {
		o.Interval = defaultInterval
	}
	return &file{FileOptions: o, path: path}
}

type file struct {
	FileOptions
	path string
}

func (f *file) String() string { return "file " + f.path }

// Run implements Source.
func (f *file) Run(ctx context.Context, found func([]balance.Backend, error)) error {
	tick := time.NewTicker(f.Interval)
	defer tick.Stop()
	list, err := f.read() // without waiting, and again when it has been the same for an interval
	found(list, err)
	seen, read := state(f.path), os.FileInfo(nil)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := state(f.path)
		if same(now, seen) && (err != nil || !same(now, read)) { // after an error it may be the permissions that have changed
			list, err = f.read()
			found(list, err)
			read = now
		}
		seen = now
	}
}

// state is what tells whether a file has changed: what it is, when it was written, and its size. It is nil when there is none.
func state(path string) os.FileInfo {
	s, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return s
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// read reads the file.
func (f *file) read() ([]balance.Backend, error) {
	if s, err := os.Stat(f.path); err == nil && !s.Mode().IsRegular() {
		return nil, errors.New("it is no regular file") // to open a pipe would wait for who writes it
	}
	r, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("it has more than %d bytes", maxFile)
	}
	list, err := ParseLines(string(text))
	if err == nil && len(list) == 0 && !f.AllowEmpty {
		return nil, errors.New("it has no backend")
	}
	return list, err
}
