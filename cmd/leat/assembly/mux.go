package assembly

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/cmd/leat/muxserve"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
	"github.com/leat-io/leat/codec/mux/session"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/muxnet"
)

// MuxWire is how one side speaks the mux protocol.
type MuxWire struct {
	MaxStreams int // that the other side may have open at a time on a connection
	MaxWindow  int // bytes that the window of a stream grows to
	MaxHeld    int // bytes that came and that nobody has read, over all streams of a connection
	Checksums  bool
	Compress   string // one of Compressions
}

// Compressions are the words that Compress understands.
var Compressions = []string{"off", "s2", "zstd"}

// DefaultMuxWire is that of package muxnet.
func DefaultMuxWire() MuxWire {
	l := session.DefaultLimits
	return MuxWire{MaxStreams: mux.DefaultSettings.MaxStreams, MaxWindow: l.StreamWindow, MaxHeld: l.Held, Compress: "off"}
}

func (w *MuxWire) validate() error {
	return errors.Join(
		within("streams of one connection", w.MaxStreams, 0, 1<<24),
		within("the largest window", w.MaxWindow, mux.DefaultSettings.StreamWindow, 1<<30),
		within("the bytes that nobody has read", w.MaxHeld, mux.DefaultSettings.ConnectionWindow, math.MaxInt),
		word("compression", w.Compress, Compressions),
	)
}

// Options are those of connections.
func (w *MuxWire) Options() ([]muxnet.Option, error) {
	if err := w.validate(); err != nil {
		return nil, err
	}
	s, l := mux.DefaultSettings, session.DefaultLimits
	s.MaxStreams, l.StreamWindow, l.Held = w.MaxStreams, w.MaxWindow, w.MaxHeld
	opts := []muxnet.Option{muxnet.Settings(s), muxnet.Limits(l)}
	if w.Checksums {
		opts = append(opts, muxnet.Checksums())
	}
	switch w.Compress {
	case "s2":
		opts = append(opts, muxnet.Compress(compress.S2, 0))
	case "zstd":
		opts = append(opts, muxnet.Compress(compress.Zstd, 0))
	}
	return opts, nil
}

// Mux says which server of the mux protocol to assemble.
type Mux struct {
	Accepting
	App        string // one of muxserve.Names
	MaxMessage int    // bytes
	Wire       MuxWire
}

// DefaultMux is a server that echoes, on the loopback interface.
func DefaultMux() Mux {
	return Mux{Accepting: defaultAccepting("127.0.0.1:7000"), App: "echo", MaxMessage: 4 << 20, Wire: DefaultMuxWire()}
}

// Validate says everything that is wrong with c.
func (c *Mux) Validate() error {
	return errors.Join(
		c.validateAccepting(),
		c.Wire.validate(),
		word("app", c.App, muxserve.Names),
		within("the longest message", c.MaxMessage, 1, 1<<30),
	)
}

// Assemble declares the server. Nothing is opened yet.
func (c *Mux) Assemble(log *slog.Logger, opts ...pipeline.Option) (*RunningMux, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	wire, err := c.Wire.Options()
	if err != nil {
		return nil, err
	}
	app := &muxserve.App{Name: c.App}
	srv := &muxnet.Server{Handler: app.Handle, Options: append(wire, muxnet.MaxMessage(c.MaxMessage)), Logger: log}
	return c.streams(c.App, srv, app.Gauges, log, opts)
}

// streams declares a server of the mux protocol.
func (c *Accepting) streams(name string, srv *muxnet.Server, gauges func() []pipeline.Gauge, log *slog.Logger, opts []pipeline.Option) (*RunningMux, error) {
	s := muxserve.New(srv, &handoff.Warnings{Log: log})
	r, err := c.assemble(name, s.Serve, gauges, opts)
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	r.leave = s.Leave
	return r, nil
}

// Run runs the server until ctx ends and its connections have.
func (r *RunningMux) Run(ctx context.Context) error {
	if r.begin != nil {
		defer r.begin()()
	}
	if r.leave != nil {
		defer context.AfterFunc(ctx, r.leave)()
	}
	return r.Pipeline.Run(ctx)
}

// HandOver ends the accepting, because another process accepts, and has clients open their streams there.
func (r *RunningMux) HandOver(ctx context.Context) error {
	err := r.Source.HandOver(ctx)
	if r.leave != nil {
		r.leave()
	}
	return err
}
