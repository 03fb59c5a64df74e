package assembly

import (
	"errors"
	"net"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/sources/tcp/tlsconf"
	"github.com/leat-io/leat/stage"
)

// Accepting is how a server accepts connections that goroutines serve.
type Accepting struct {
	Listen string
	Admission
	Allow, Deny Networks // from which clients may connect, and from which not
	ProxyFrom   Networks // whose PROXY headers say who a client is
	Socket      Socket
	TLS         TLS
	Handshake   time.Duration // for one of TLS
	Drain       time.Duration
}

func defaultAccepting(listen string) Accepting {
	return Accepting{
		Listen: listen, Admission: Admission{MaxConns: tcp.DefaultMaxConns}, Socket: defaultSocket, TLS: DefaultTLS(),
		Handshake: sinks.DefaultTunnelLimits.Handshake, Drain: pipeline.DefaultDrain,
	}
}

func (c *Accepting) validateAccepting() error {
	return errors.Join(
		c.validateAdmission(),
		c.TLS.Validate(),
		within("the time for a handshake", c.Handshake, 0, time.Hour),
		within("the drain time", c.Drain, time.Millisecond, 24*time.Hour),
	)
}

// A RunningMux is a server of connections that goroutines serve, with what it needs beside the pipeline.
type RunningMux struct {
	Pipeline     *pipeline.Pipeline
	Source       *tcp.Acceptor
	Certificates *tlsconf.Live // that clients are shown; nil without TLS
	Requests     string        // the node whose output are the connections

	begin func() (end func()) // what runs beside it; nil for nothing
	leave func()              // called when it stops; nil for nothing
}

// assemble declares a server whose connections serve serves, in the node of that name.
func (c *Accepting) assemble(name string, serve handoff.Serve, gauges func() []pipeline.Gauge, opts []pipeline.Option) (*RunningMux, error) {
	r := &RunningMux{Requests: "allow"}
	cfg := handoff.Config{
		NoDelay: c.Socket.NoDelay, Gauges: gauges, Handshake: c.Handshake, Handshakes: c.TLS.Handshakes,
		KeepAlive: net.KeepAliveConfig{
			Enable: c.Socket.KeepAlive > 0, Idle: c.Socket.KeepAlive, Interval: c.Socket.KeepAliveInterval, Count: c.Socket.KeepAliveCount,
		},
	}
	if c.TLS.Enabled() {
		live, err := c.TLS.Open()
		if err != nil {
			return nil, err
		}
		r.Certificates, cfg.TLS = live, live.Config()
	}
	accept := append(c.Socket.options(), tcp.Name("tcp"), tcp.Reactor(1)) // it accepts, and no more
	accept = append(accept, c.admission()...)
	if !c.ProxyFrom.None() {
		accept = append(accept, tcp.ProxyProtocol(c.ProxyFrom.String()))
	}
	who := sides{c.Allow, c.Deny}
	r.Source = tcp.Accept(c.Listen, accept...)
	r.Pipeline = pipeline.New("mux", append(opts, pipeline.DrainTime(c.Drain))...)
	r.Pipeline.From(r.Source).Via("allow", stage.Filter(who.permit)).To(name, handoff.New(cfg, serve).Sink)
	return r, nil
}
