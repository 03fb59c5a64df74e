// Package sinks ends flows.
package sinks

import (
	"github.com/leat-io/leat/stage"
)

// Reply encodes each message and writes it to the connection that it answers, in the order of the requests, whichever lanes
// they have crossed. A connection is written once per batch. A message without a ticket is written between two answers. An
// encoder's error, or its panic, fails the connection of the message and no other.
func Reply[T any](e stage.Encoder[T]) stage.SinkMaker[T] {
	stage.NeedHead[T]("sinks.Reply")
	return func(l *stage.Lane) stage.Sink[T] { return &reply[T]{lane: l, encoder: e, out: l.Outbox()} }
}

type reply[T any] struct {
	lane    *stage.Lane
	encoder stage.Encoder[T]
	out     *stage.Outbox
	at      int // index of the message that is encoded
}

func (r *reply[T]) Push(batch []*T) {
	for len(batch) > 0 {
		batch = batch[r.run(batch):]
	}
}

// run answers until the end or until the encoder panics; it reports how many messages are dealt with.
func (r *reply[T]) run(batch []*T) (n int) {
	defer func() {
		if v := recover(); v != nil {
			r.lane.Panicked(v, stage.HeadOf(batch[r.at]))
			n = r.at + 1
		}
	}()
	for i, m := range batch {
		r.at = i
		h := stage.HeadOf(m)
		b, err := r.encoder.Append(r.out.Buffer(), m)
		if err != nil {
			h.Fail(err)
			continue
		}
		r.out.Answer(h, b)
	}
	return len(batch)
}

// Discard drops every message. Their requests get no answer and hold up nobody.
func Discard[T any]() stage.SinkMaker[T] {
	stage.NeedHead[T]("sinks.Discard")
	return func(*stage.Lane) stage.Sink[T] { return discard[T]{} }
}

type discard[T any] struct{}

func (discard[T]) Push([]*T) {}
