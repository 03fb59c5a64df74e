package sinks

import (
	"fmt"

	"github.com/leat-io/leat/internal/journal"
	"github.com/leat-io/leat/stage"
)

// Sink appends every message, as e encodes it, to the journal. A push returns when its messages are in the file, and synced
// if the journal does that always. So answers that the lane makes afterwards, as those behind the first arm of a Tee whose
// copies go to the journal, acknowledge what is kept.
//
// It waits for the disk, so it belongs behind a Queue or Shard. A lane with a sink that waits takes one message at a time
// unless the joint says otherwise; with queue.Batch(256) up to as many share one sync.
//
// When the journal fails, the connections of the batch and of all later ones fail. An encoder's error, or its panic, fails
// the connection of its message, which is not kept.
func (j *Journal) Sink[T any](e stage.Encoder[T]) stage.SinkMaker[T] {
	stage.NeedHead[T]("sinks.Journal")
	return func(l *stage.Lane) stage.Sink[T] {
		l.MayBlock()
		return &journalSink[T]{lane: l, journal: j, encoder: e}
	}
}

type journalSink[T any] struct {
	lane    *stage.Lane
	journal *Journal
	encoder stage.Encoder[T]
	buf     []byte // encoded and not committed
	count   int    // messages in buf
	at      int    // index of the message that is encoded
}

func (s *journalSink[T]) Push(batch []*T) {
	for rest := batch; len(rest) > 0; {
		rest = rest[s.encode(rest):]
		if len(rest) > 0 && len(s.buf) < journal.RecordFull {
			continue
		}
		err := s.journal.w.Commit(s.buf, s.count)
		if s.buf, s.count = s.buf[:0], 0; cap(s.buf) > 2*journal.RecordFull {
			s.buf = nil
		}
		if err != nil {
			s.fail(batch, err)
			return
		}
	}
}

// encode goes on until a record is full, the batch ends or the encoder panics; it reports how many messages are dealt with.
func (s *journalSink[T]) encode(batch []*T) (n int) {
	defer func() {
		if v := recover(); v != nil {
			s.lane.Panicked(v, stage.HeadOf(batch[s.at]))
			n = s.at + 1
		}
	}()
	for i, m := range batch {
		s.at = i
		b, err := s.encoder.Append(s.buf, m)
		switch {
		case err != nil:
			stage.HeadOf(m).Fail(err)
			continue
		case len(b) < len(s.buf):
			panic("sinks: an encoder must append to what it is given")
		case len(b)-len(s.buf) > journal.MaxMessage:
			stage.HeadOf(m).Fail(fmt.Errorf("a message of %d bytes is too long for the journal, which takes %d", len(b)-len(s.buf), journal.MaxMessage))
			continue
		}
		s.buf = b
		s.count++
		if len(b) >= journal.RecordFull {
			return i + 1
		}
	}
	return len(batch)
}

// fail ends the connections of a batch, and is counted and reported.
func (s *journalSink[T]) fail(batch []*T, err error) {
	s.lane.Failed(err)
	for _, m := range batch {
		stage.HeadOf(m).Fail(err)
	}
}

// Params shows the figures of the journal, which all its lanes share.
func (s *journalSink[T]) Params() []stage.Param {
	show := func(name string, f func(JournalStats) any) stage.Param {
		return stage.Param{Name: name, Get: func() string { return fmt.Sprint(f(s.journal.Stats())) }}
	}
	return []stage.Param{
		show("path", func(j JournalStats) any { return j.Path }),
		show("sync", func(j JournalStats) any { return j.Policy }),
		show("bytes", func(j JournalStats) any { return j.Size }),
		show("commits", func(j JournalStats) any { return j.Commits }),
		show("messages", func(j JournalStats) any { return j.Messages }),
		show("messages-per-commit", func(j JournalStats) any { return fmt.Sprintf("%.1f", j.PerCommit()) }),
		show("syncs", func(j JournalStats) any { return j.Syncs }),
		show("sync-p50", func(j JournalStats) any { return j.SyncP50 }),
		show("sync-p99", func(j JournalStats) any { return j.SyncP99 }),
		show("late", func(j JournalStats) any { return j.Late }),
		show("error", func(j JournalStats) any {
			if j.Err == nil {
				return "none"
			}
			return j.Err
		}),
	}
}
