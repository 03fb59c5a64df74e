package assembly

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/leat-io/leat/cmd/leat/gateway"
	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/muxnet"
)

// MuxGateway says which end of a gateway to assemble: the near one has Via, the far one has To.
type MuxGateway struct {
	Accepting
	Via       string // the far gateway
	MuxConns  int    // connections to it
	Authority string // what it is asked to connect to; nothing when empty
	SendProxy string // one of ProxyVersions: the header that the server is sent

	To      string   // the server of streams that name none
	Allowed []string // addresses that streams may name

	Connect   time.Duration // for which a connection may wait for the far gateway, and a stream for its server
	Limits    gateway.Limits
	Wire      MuxWire
	ServerTLS ServerTLS // with the far gateway, or with the server
}

// Addresses that the two ends listen on when nothing else is said.
const (
	nearListen = "127.0.0.1:7001"
	farListen  = "127.0.0.1:7000"
)

// DefaultMuxGateway is neither end. A stream costs the far one about as much as a connection costs a server, so as many may be open; and so that
// many of them may be unread and hold up no other, their windows stay smaller.
func DefaultMuxGateway() MuxGateway {
	c := MuxGateway{
		Accepting: defaultAccepting(""), MuxConns: 1, Connect: sinks.DefaultTunnelLimits.Connect, Limits: gateway.DefaultLimits,
		Wire: DefaultMuxWire(), ServerTLS: ServerTLS{Mode: "off"},
	}
	c.Wire.MaxStreams, c.Wire.MaxWindow, c.Wire.MaxHeld = c.MaxConns, 8<<20, 512<<20
	return c
}

// Suit gives the address to listen on, if nobody has chosen one, the value that the end wants, and says which end that is.
func (c *MuxGateway) Suit() (end string) {
	end, listen := "near end", nearListen
	if c.To != "" {
		end, listen = "far end", farListen
	}
	c.Listen = cmp.Or(c.Listen, listen)
	return end
}

// Validate says everything that is wrong with c.
func (c *MuxGateway) Validate() error {
	errs := []error{
		c.validateAccepting(),
		c.Wire.validate(),
		within("the time to connect", c.Connect, time.Millisecond, time.Hour),
		within("the time that a connection may be silent", c.Limits.Idle, 0, 240*time.Hour),
		within("the time that half of a connection may be silent", c.Limits.HalfClosed, 0, 240*time.Hour),
	}
	switch {
	case (c.Via == "") == (c.To == ""):
		return errors.Join(append(errs, errors.New("give either the far gateway with --via, which makes this the near end, or the server with --to, which makes it the far one"))...)
	case c.Via != "" && len(c.Allowed) > 0:
		errs = append(errs, errors.New("--allow-authority is for the far end, and this is the near one"))
	case c.To != "" && (c.Authority != "" || c.SendProxy != "" || c.MuxConns != 1):
		errs = append(errs, errors.New("--authority, --send-proxy and --mux-conns are for the near end, and this is the far one"))
	}
	errs = append(errs, within("connections to the far gateway", c.MuxConns, 1, 1024), word("version of the PROXY protocol", c.SendProxy, ProxyVersions),
		c.ServerTLS.ValidateFor(c.servers()...))
	return errors.Join(errs...)
}

// servers are the addresses that are connected to.
func (c *MuxGateway) servers() []string {
	if c.Via != "" {
		return []string{c.Via}
	}
	return append([]string{c.To}, c.Allowed...)
}

// Assemble declares the gateway. Nothing is opened yet.
func (c *MuxGateway) Assemble(log *slog.Logger, opts ...pipeline.Option) (*RunningMux, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	w := c.Wire
	if c.Via != "" {
		w.MaxStreams = 0 // the far gateway opens none
	}
	wire, err := w.Options()
	if err != nil {
		return nil, err
	}
	dial, err := c.ServerTLS.Dialer(c.servers()...)
	if err != nil {
		return nil, err
	}
	warn := &handoff.Warnings{Log: log}
	if c.To != "" {
		far := &gateway.Far{Dial: dial, To: c.To, Allowed: c.Allowed, Wait: c.Connect, Limits: c.Limits, Warn: warn}
		return c.streams("connect", &muxnet.Server{Handler: far.Handle, Options: wire, Logger: log}, far.Gauges, log, opts)
	}
	near := &gateway.Near{
		Dial: func(ctx context.Context) (net.Conn, error) { return dial(ctx, c.Via) }, Options: wire, Links: c.MuxConns, Authority: c.Authority,
		SendProxy: slices.Index(ProxyVersions, c.SendProxy), Wait: c.Connect, Limits: c.Limits, Warn: warn,
	}
	r, err := c.assemble("carry", near.Serve, near.Gauges, opts)
	if err != nil {
		return nil, err
	}
	r.begin = near.Start
	return r, nil
}
