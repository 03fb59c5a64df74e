// Package record keeps what benchmarks have measured, row by row, so that a run that was cut short can go on, and puts their
// tables into a page.
package record

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A Log is a file with one row on each line. A row that is saved twice counts as it was saved last.
type Log struct {
	file *os.File
	rows map[string]json.RawMessage
}

type line struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Open begins a log, or goes on with the one that is there. A last line that was cut short is dropped.
func Open(path string, resume bool) (*Log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	l := &Log{file: f, rows: make(map[string]json.RawMessage)}
	var whole int64
	if resume {
		whole = l.read()
	}
	if err := f.Truncate(whole); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.Seek(whole, 0); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// read returns how many bytes of the file are whole lines.
func (l *Log) read() (whole int64) {
	for r := bufio.NewReader(l.file); ; {
		b, err := r.ReadBytes('\n')
		var one line
		if err != nil || json.Unmarshal(b, &one) != nil {
			return whole
		}
		whole += int64(len(b))
		l.rows[one.Key] = one.Value
	}
}

// Load finds a row.
func (l *Log) Load(key string, v any) (found bool, err error) {
	b, found := l.rows[key]
	if !found {
		return false, nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("row %s of %s: %w", key, l.file.Name(), err)
	}
	return true, nil
}

// Save keeps a row, and returns when it is on the disk.
func (l *Log) Save(key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	whole, err := json.Marshal(line{key, b})
	if err != nil {
		return err
	}
	if _, err := l.file.Write(append(whole, '\n')); err != nil {
		return err
	}
	l.rows[key] = b
	return l.file.Sync()
}

// Once is the row that the log has under the key. If it has none, the row is measured and saved, and its name shown with the time
// that this took.
func Once[T any](l *Log, name, key string, measure func() (T, error)) (v T, err error) {
	if found, err := l.Load(key, &v); found || err != nil {
		return v, err
	}
	began := time.Now()
	if v, err = measure(); err != nil {
		return v, err
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, time.Since(began).Round(time.Second))
	return v, l.Save(key, v)
}

// Close closes the file.
func (l *Log) Close() error { return l.file.Close() }
