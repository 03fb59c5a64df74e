package journal

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/leat-io/leat/stage"
)

// ErrClosed is returned by a commit to a journal that has been closed.
var ErrClosed = errors.New("the journal is closed")

// File is what a writer needs of a file.
type File interface {
	io.ReaderAt
	io.WriterAt
	Sync() error // what was written before survives a loss of power
	Close() error
}

// A Writer appends records. Any number of goroutines commit at the same time: what they bring while one of them writes
// becomes the next record, which one of them writes for all.
//
// An error of the file ends the writer. What a failed sync leaves on the disk nobody knows, and a second sync may succeed
// without having written anything, so nothing is tried again.
type Writer struct {
	path   string
	policy Policy
	failed chan struct{} // closed with err
	dirty  chan struct{} // tells the syncer that there is something to sync
	quit   chan struct{} // ends the syncer
	ended  sync.WaitGroup

	mu      sync.Mutex
	file    File
	sums    sums  // of whoever is busy
	at      int64 // where the next record goes
	settled int64 // what lies before it is synced
	err     error
	closed  bool

	busy   bool // somebody writes the file, or replaces it
	group  uint64
	done   uint64        // groups before it are written
	fill   []byte        // the group that fills, behind room for its header
	parts  int           // messages of fill
	spare  []byte        // the buffer that is not fill, unless it is being written
	turn   [2]*sync.Cond // where those of group n wait, at n%2: at most one group is written while the next one fills
	change *sync.Cond    // of anything above or below, for those who wait rarely

	rewriting bool
	syncing   bool
	oldest    time.Time // when the first of what is not synced was written
	newer     time.Time // the same, for what the sync that is under way may have missed

	stats Stats
	times stage.Times // of syncs
}

// NewWriter appends to f, a journal whose header is head and which ends at offset at. All of it is synced. The path names the
// journal in errors.
func NewWriter(path string, f File, head []byte, at int64, p Policy) (*Writer, error) {
	s, err := parseHead(head)
	if err != nil {
		return nil, err
	}
	w := &Writer{
		path: path, policy: p, file: f, sums: s, at: at, settled: at,
		failed: make(chan struct{}), dirty: make(chan struct{}, 1), quit: make(chan struct{}),
		fill: make([]byte, recordHead), spare: make([]byte, recordHead),
	}
	w.change = sync.NewCond(&w.mu)
	w.turn = [2]*sync.Cond{sync.NewCond(&w.mu), sync.NewCond(&w.mu)}
	if p == EverySecond {
		w.ended.Go(w.everySecond)
	}
	return w, nil
}

// Commit appends b, which holds that many whole messages and is at most a full record and one message long. When it returns
// nil they are in the file, and synced if the policy says so; b is the caller's again.
func (w *Writer) Commit(b []byte, messages int) error {
	if len(b) > maxRecord {
		return fmt.Errorf("journal %s: %d bytes are too many for one commit", w.path, len(b))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && !w.closed && len(w.fill) > recordHead && len(w.fill)-recordHead+len(b) > RecordFull {
		w.change.Wait() // the group is full; one of those in it will write it
	}
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return fmt.Errorf("journal %s: %w", w.path, ErrClosed)
	case len(b) == 0:
		return nil
	}
	w.fill = append(w.fill, b...)
	w.parts += messages
	for g := w.group; w.done <= g; {
		switch {
		case w.err != nil:
			return w.err
		case w.busy:
			w.turn[g%2].Wait()
		default:
			w.lead()
		}
	}
	if w.policy == EverySecond {
		return w.timely()
	}
	return nil
}

// lead writes the group that fills. The lock is held, but not while the disk is at work.
func (w *Writer) lead() {
	b, parts, n, at, settled := w.fill, w.parts, w.group, w.at, w.settled
	if w.policy != EverySecond { // under Never as if, so that no damage passes for what a crash has done
		settled = at
	}
	w.busy = true
	w.group++
	w.fill, w.spare, w.parts = w.spare, nil, 0
	w.change.Broadcast()
	w.mu.Unlock()

	w.sums.seal(b, at, settled)
	_, err := w.file.WriteAt(b, at)
	var took time.Duration
	if err == nil && w.policy == Always {
		took, err = timed(w.file.Sync)
	}

	w.mu.Lock()
	w.busy = false
	w.spare = emptied(b)
	if err != nil {
		w.fail(err)
		return
	}
	w.at += int64(len(b))
	w.done = n + 1
	w.stats.Commits++
	w.stats.Messages += uint64(parts)
	switch w.policy {
	case Always:
		w.settled = w.at
		w.times.Add(took)
	case EverySecond:
		w.wrote(time.Now())
	}
	w.turn[n%2].Broadcast()
	w.next()
}

// emptied returns the buffer b for another record, unless an unusual one has made it large.
func emptied(b []byte) []byte {
	if cap(b) > 2*RecordFull {
		return make([]byte, recordHead)
	}
	return b[:recordHead]
}

// next lets somebody write the group that fills, if there is anybody. The lock is held, and nobody is busy.
func (w *Writer) next() {
	w.turn[w.group%2].Signal()
	w.change.Broadcast()
}

// fail ends the writer. The lock is held.
func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = fmt.Errorf("journal %s takes nothing more: %w", w.path, err)
		close(w.failed)
	}
	w.turn[0].Broadcast()
	w.turn[1].Broadcast()
	w.change.Broadcast()
}

// Failed is closed when an error of the file has ended the journal.
func (w *Writer) Failed() <-chan struct{} { return w.failed }

// Err is what has ended the journal, or nil.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close waits for the commits that are under way, syncs, and closes the file. It returns what has ended the journal before,
// or what this sync did. What is committed afterwards fails.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		defer w.mu.Unlock()
		return w.err
	}
	w.closed = true
	w.change.Broadcast()
	for w.busy || len(w.fill) > recordHead && w.err == nil {
		w.change.Wait()
	}
	w.mu.Unlock()
	close(w.quit)
	w.ended.Wait()
	if w.Err() == nil && w.policy != Always {
		w.finish(timed(w.file.Sync))
	}
	err := w.file.Close()

	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.fail(err)
	}
	return w.err
}

// finish ends the sync of Close: whoever waits for one that is late need not any more.
func (w *Writer) finish(took time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.times.Add(took)
	if err != nil {
		w.fail(err)
		return
	}
	w.oldest = time.Time{}
	w.change.Broadcast()
}
