// Package sinks ends flows.
package sinks

import (
	"github.com/leat-io/leat/stage"
)

// Reply encodes each message and writes it to the connection that it answers, in the order of the requests, whichever lanes
// they have crossed. A connection is written once per batch. A message without a ticket is written between two answers. An
// encoder's error fails the connection.
func Reply[T any](e stage.Encoder[T]) stage.SinkMaker[T] {
	stage.NeedHead[T]("sinks.Reply")
	return func(l *stage.Lane) stage.Sink[T] { return &reply[T]{encoder: e, out: l.Outbox()} }
}

type reply[T any] struct {
	encoder stage.Encoder[T]
	out     *stage.Outbox
}

func (r *reply[T]) Push(batch []*T) {
	for _, m := range batch {
		h := stage.HeadOf(m)
		b, err := r.encoder.Append(r.out.Buffer(), m)
		if err != nil {
			h.Fail(err)
			continue
		}
		r.out.Answer(h, b)
	}
}

// Discard drops every message. Their requests get no answer and hold up nobody.
func Discard[T any]() stage.SinkMaker[T] {
	stage.NeedHead[T]("sinks.Discard")
	return func(*stage.Lane) stage.Sink[T] { return discard[T]{} }
}

type discard[T any] struct{}

func (discard[T]) Push([]*T) {}
