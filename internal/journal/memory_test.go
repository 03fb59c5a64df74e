package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sync"
	"testing"

	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

// A memory is a file in memory whose disk does what a test wants.
type memory struct {
	mu     sync.Mutex
	b      []byte
	kept   int // bytes that were there at the last sync
	syncs  int
	closed bool
	write  func() error // called before each write; an error loses half of it
	sync   func() error // called before each sync
}

// hook sets what the disk does, or nil.
func (m *memory) hook(write, sync func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write, m.sync = write, sync
}

func (m *memory) hooks() (write, sync func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write, m.sync
}

// synced is how often the file was synced, and whether all of it is.
func (m *memory) synced() (times int, all bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.syncs, m.kept == len(m.b)
}

var errDisk = errors.New("a test of the disk")

// WriteAt implements File.
func (m *memory) WriteAt(b []byte, at int64) (int, error) {
	if write, _ := m.hooks(); write != nil {
		if err := write(); err != nil {
			b = b[:len(b)/2]
			m.put(b, at)
			return len(b), err
		}
	}
	m.put(b, at)
	return len(b), nil
}

func (m *memory) put(b []byte, at int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := int(at) + len(b); n > len(m.b) {
		m.b = append(m.b, make([]byte, n-len(m.b))...)
	}
	copy(m.b[at:], b)
}

// Sync implements File.
func (m *memory) Sync() error {
	m.mu.Lock()
	n := len(m.b)
	m.mu.Unlock()
	if _, sync := m.hooks(); sync != nil {
		if err := sync(); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.syncs++
	m.kept = n
	return nil
}

// ReadAt implements File.
func (m *memory) ReadAt(b []byte, at int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.NewReader(m.b).ReadAt(b, at)
}

// Close implements File.
func (m *memory) Close() error {
	m.closed = true
	return nil
}

// bytes is a copy of the file as it is now.
func (m *memory) bytes() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.b)
}

// fixedHead has a salt that is the same in every run, as the kept corpus of the fuzz target needs it.
var fixedHead = func() []byte {
	b := append([]byte(magic), version, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}()

// newMemory makes a journal in memory.
func newMemory(t testing.TB, p Policy) (*Writer, *memory) {
	t.Helper()
	m := &memory{b: bytes.Clone(fixedHead), kept: fileHead}
	w, err := NewWriter("memory", m, fixedHead, fileHead, p)
	if err != nil {
		t.Fatal(err)
	}
	return w, m
}

func commit(t testing.TB, w *Writer, text string) {
	t.Helper()
	if err := w.Commit([]byte(text), 1); err != nil {
		t.Fatal(err)
	}
}

// written is a journal with these records, one commit each.
func written(t testing.TB, p Policy, texts ...string) []byte {
	t.Helper()
	w, m := newMemory(t, p)
	for _, s := range texts {
		commit(t, w, s)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return m.bytes()
}

// A reading is what a reader makes of a file.
type reading struct {
	texts  []string
	offset int64
	torn   int64
	err    error // unless it is io.EOF
}

func read(b []byte) (got reading) {
	r, err := NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return reading{err: err}
	}
	for {
		p, err := r.Next()
		if err != nil {
			got.offset, got.torn = r.Offset(), r.Torn()
			if err != io.EOF {
				got.err = err
			}
			if _, again := r.Next(); again != err {
				got.err = errors.Join(errors.New("the end does not last"), again)
			}
			return got
		}
		got.texts = append(got.texts, string(p))
	}
}
