//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/leat-io/leat/codec"
	protocol "github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// newAssembly is leat with a server that is an assembly: one loop reads, serves and writes, and streams have no goroutines there.
func newAssembly(n *network, _ int, t *tally) (session, error) {
	settings := protocol.DefaultSettings
	settings.MaxStreams = backlog
	mx, err := streams.New(streams.Config{Settings: &settings})
	if err != nil {
		return nil, err
	}
	_ = n.ln.Close() // the source listens there itself
	source := tcp.Listen(n.ln.Addr().String(), tcp.Reactor(1))
	n.serving(func() { err = source.Bind() })
	if err != nil {
		return nil, err
	}
	p := pipeline.New("mux", pipeline.Log(slog.New(slog.DiscardHandler)))
	p.From(source).Via("decode", codec.Decode(mx.Frames())).Via("session", mx.Session()).
		Via("serve", stage.Do(func(m *streams.Message) { answer(m, t) })).To("send", streams.Send())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop := func() error {
		cancel()
		return <-ended
	}
	near, err := n.dial()
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	client, err := muxnet.Client(near)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return multiplexer{
		begin: func() (io.ReadWriteCloser, error) { return client.Open(context.Background()) },
		end: func() {
			_ = client.Close() // both only say that they were closed already
			_ = stop()
		},
	}, nil
}

// answer is serve for a stage: a message that comes whole, as all do that are sent one at a time, is sent back as it is.
func answer(m *streams.Message, t *tally) {
	d, draining := m.Stream.Value.(*drain)
	if !draining && asksForDrain(m.Payload) {
		d, draining = &drain{tally: t}, true
		m.Stream.Value, m.Payload = d, m.Payload[messageSize:]
	}
	if draining {
		d.take(m.Payload)
		m.Payload = nil
	}
}

func asksForDrain(b []byte) bool { return len(b) >= messageSize && b[kindAt] == draining }
