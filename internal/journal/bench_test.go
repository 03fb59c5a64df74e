package journal

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// One op is one message of 64 bytes that is synced on the disk where temporary files are; TMPDIR chooses another. The first
// is what a server does that syncs each write.
func BenchmarkCommitAlways(b *testing.B) {
	for _, lanes := range []int{1, 64} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			w := opened(b, filepath.Join(b.TempDir(), "j"), Options{})
			defer w.Close()
			msg := bytes.Repeat([]byte{'x'}, 64)
			var left atomic.Int64
			left.Store(int64(b.N))
			ended := make(chan error, lanes)
			b.ReportAllocs()
			b.ResetTimer()
			for range lanes {
				go func() {
					for left.Add(-1) >= 0 {
						if err := w.Commit(msg, 1); err != nil {
							ended <- err
							return
						}
					}
					ended <- nil
				}()
			}
			for range lanes {
				if err := <-ended; err != nil {
					b.Fatal(err)
				}
			}
			s := w.Stats()
			b.ReportMetric(s.PerCommit(), "msgs/sync")
			b.ReportMetric(float64(s.SyncP50.Microseconds()), "µs/sync")
		})
	}
}

// One op is a commit of 32 messages of 64 bytes that nobody syncs, into memory.
func BenchmarkCommitNever(b *testing.B) {
	w, m := newMemory(b, Never)
	defer w.Close()
	msg := bytes.Repeat([]byte{'x'}, 32*64)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	m.b = make([]byte, fileHead, 1<<20)
	for b.Loop() {
		if err := w.Commit(msg, 32); err != nil {
			b.Fatal(err)
		}
		w.at, m.b = fileHead, m.b[:fileHead]
	}
}

// One op is a record of 2 KiB.
func BenchmarkNext(b *testing.B) {
	w, m := newMemory(b, Never)
	msg := bytes.Repeat([]byte{'x'}, 32*64)
	for range 1000 {
		if err := w.Commit(msg, 32); err != nil {
			b.Fatal(err)
		}
	}
	w.Close()
	file := bytes.NewReader(m.b)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	r, err := NewReader(file, int64(len(m.b)))
	for b.Loop() {
		if err == nil {
			_, err = r.Next()
		}
		if err == io.EOF {
			r, err = NewReader(file, int64(len(m.b)))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
