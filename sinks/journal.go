package sinks

import (
	"context"

	"github.com/leat-io/leat/internal/journal"
)

// A JournalSync says when what a journal was given is synced to the disk: how much of what was acknowledged a loss of power
// may take. The end of the process alone, even by SIGKILL, takes nothing under any of them.
type JournalSync = journal.Policy

const (
	// SyncAlways syncs before the push returns. Nothing that was acknowledged is lost. Lanes that push at the same time
	// share a sync.
	SyncAlways = journal.Always
	// SyncEverySecond begins a sync at most a second after a write. A loss of power takes what was acknowledged within the
	// last second and the length of one sync. Two seconds after a write that is still not synced pushes wait for the sync,
	// so it is never more than two.
	SyncEverySecond = journal.EverySecond
	// SyncNever leaves it to the kernel, which on Linux writes back what is 30 seconds old unless it is set otherwise.
	SyncNever = journal.Never
)

// What OpenJournal may find wrong, besides the errors of the file system.
var (
	ErrJournalLocked  = journal.ErrLocked  // another server writes to the file
	ErrJournalFormat  = journal.ErrFormat  // the file is something else
	ErrJournalDamaged = journal.ErrDamaged // what a crash cannot explain; see [JournalOptions]
)

// JournalOptions are the settings of a journal. The zero value is the safe one.
type JournalOptions struct {
	Sync JournalSync
	// AcceptDamage opens a journal in which a record is damaged that no crash can have harmed: the file is cut off there,
	// and all that follows is lost. Copy the file first.
	AcceptDamage bool
}

// JournalStats are the figures of a journal since it was opened.
type JournalStats = journal.Stats

// A Journal is a file to which the messages of a pipeline are appended, so that [github.com/leat-io/leat/sources/file.Journal]
// can replay them. Any number of pipelines and lanes may share it.
type Journal struct{ w *journal.Writer }

// OpenJournal opens the journal at path for this process alone, and makes it when there is none. It reads all of the file: a
// tail that a crash has torn is cut off, and Stats says how many bytes that were; a damaged record in the middle is refused
// with [ErrJournalDamaged]. Open the journal before it is replayed, so that nobody appends to it in between.
func OpenJournal(path string, o JournalOptions) (*Journal, error) {
	w, err := journal.Open(path, journal.Options{Policy: o.Sync, AcceptDamage: o.AcceptDamage})
	if err != nil {
		return nil, err
	}
	return &Journal{w}, nil
}

// Failed is closed when an error of the file, such as a full disk, has ended the journal. Nothing is tried again: behind a
// failed sync nobody knows what the disk has. Whatever is pushed then fails its connection.
func (j *Journal) Failed() <-chan struct{} { return j.w.Failed() }

// Err is the error that has ended the journal, or nil.
func (j *Journal) Err() error { return j.w.Err() }

// Guard returns a context that ends with ctx, or when the journal fails: then its cause is the error. A pipeline that runs
// with it stops when it cannot keep its promises any more.
func (j *Journal) Guard(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-ctx.Done():
		case <-j.Failed():
			cancel(j.Err())
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Rewrite replaces the file by a shorter one: snapshot emits messages that make up the present state, one or more whole
// encoded messages at a time, and what is pushed since the call is kept behind them. Lanes go on meanwhile; at the end they
// wait until at most about a mebibyte has been copied and the new file is synced. An error leaves the old file in use.
//
// The state must be read between two batches of the lanes that own it, as in [stage.Lane.Call] or the setter of a parameter:
// a message is in the journal before it is in the state. What is pushed while the snapshot is taken may be in both, and is
// then replayed upon a state that has it: journal what sets a value, and not what adds to one.
func (j *Journal) Rewrite(snapshot func(emit func(b []byte) error) error) error {
	return j.w.Rewrite(snapshot)
}

// Stats returns the figures of the journal.
func (j *Journal) Stats() JournalStats { return j.w.Stats() }

// Close waits for the pushes that are under way, syncs whatever the policy, and unlocks the file. It returns the error that
// has ended the journal, if one has. Close it when the pipelines that use it have ended.
func (j *Journal) Close() error { return j.w.Close() }
