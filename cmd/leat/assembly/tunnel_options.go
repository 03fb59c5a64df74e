package assembly

import (
	"os"
	"slices"

	"github.com/leat-io/leat/cmd/leat/accesslog"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// listening are the options of all modes for their source.
func (c *Proxy) listening() []tcp.Option {
	opts := append(c.Socket.options(), tcp.Name("tcp"), tcp.Limits(c.Limits), tcp.Reactor(c.Loops))
	return append(opts, c.admission()...)
}

// accepting are the options of the mode tunnel for its source.
func (c *Proxy) accepting() []tcp.Option {
	opts := c.listening()
	if !c.ProxyFrom.None() {
		opts = append(opts, tcp.ProxyProtocol(c.ProxyFrom.String()))
	}
	if len(c.Names) > 0 && !c.TLS.Enabled() { // whose handshake says the name
		opts = append(opts, tcp.ServerNames())
	}
	return opts
}

// tunnelOptions are what the sink is told.
func (c *Proxy) tunnelOptions(t *tunnels) []sinks.TunnelOption {
	l := sinks.DefaultTunnelLimits
	l.Connect, l.Retries, l.Idle, l.HalfClosed, l.WriteStall = c.Connect, c.Retries, c.Limits.Idle, c.HalfClosed, c.WriteStall
	l.Handshake, l.Handshakes = c.Handshake, c.TLS.Handshakes
	opts := []sinks.TunnelOption{sinks.Limits(l), sinks.SendProxy(slices.Index(ProxyVersions, c.SendProxy))}
	if t.log != nil {
		opts = append(opts, sinks.OnEnd(t.record))
	}
	return opts
}

// standardOutput is the file of an access log that is none.
const standardOutput = "-"

func openAccessLog(path string) (*accesslog.Log, error) {
	switch path {
	case "":
		return nil, nil
	case standardOutput:
		return accesslog.To(os.Stdout), nil
	}
	return accesslog.Open(path)
}

// record logs a tunnel that has ended.
func (t *tunnels) record(r *sinks.TunnelRecord) {
	e := accesslog.Entry{
		Began: r.Began, Client: r.Client, Server: r.Server, ServerName: r.ServerName, Backend: r.Backend, Address: r.Address,
		Connect: r.Connecting, Lasted: r.Lasted, In: int64(r.Sent), Out: int64(r.Received), Tries: r.Tries,
	}
	if r.Reason != nil {
		e.End = stage.LabelOf(r.Reason)
	}
	t.log.Write(e)
}
