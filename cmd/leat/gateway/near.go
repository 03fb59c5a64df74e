package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/leat-io/leat/cmd/leat/handoff"
	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/stage"
)

// A Near carries each connection that is handed to its Serve as a stream to a far gateway.
type Near struct {
	Dial      func(context.Context) (net.Conn, error) // connects to the far gateway
	Options   []muxnet.Option
	Links     int           // connections to the far gateway, over which the streams are spread
	Authority string        // what the far gateway is asked to connect to; nothing when empty
	SendProxy int           // version of the PROXY header that the server is sent; 0 for none
	Wait      time.Duration // for a stream: as long as the far gateway is away, or takes no more, before a connection is reset
	Limits    Limits
	Warn      *handoff.Warnings

	counts counts
	links  *links
}

// Start connects to the far gateway, and goes on when it cannot. The function that it returns closes the connections.
func (n *Near) Start() (stop func()) {
	n.links = newLinks(n.connect, n.Links, n.Warn.Log)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { n.links.run(ctx); close(ended) }()
	return func() {
		cancel()
		<-ended
	}
}

// Gauges are what the gateway has carried.
func (n *Near) Gauges() []pipeline.Gauge {
	g := n.counts.gauges()
	if n.links != nil {
		g = append(g, pipeline.Gauge{Name: "connected to the far gateway", Value: fmt.Sprint(n.links.up())})
	}
	return g
}

// errRefused is that of a connection for which there is no stream.
var errRefused = &stage.Reason{Label: "refused by the far gateway"}

// Serve carries one connection. It is a handoff.Serve.
func (n *Near) Serve(ctx context.Context, conn net.Conn, p handoff.Peer) error {
	end := n.counts.begin()
	err := n.serve(ctx, conn, p)
	if e, ok := errors.AsType[*mux.Error](err); ok && e.Code == mux.Refused || errors.Is(err, errUnreached) || errors.Is(err, errFull) {
		n.Warn.Warn("a connection is refused", "peer", conn.RemoteAddr().String(), "error", err)
		end(true, false)
		return errRefused
	}
	end(false, err != nil)
	if err != nil {
		n.Warn.Log.Debug("a connection has not ended in order", "peer", conn.RemoteAddr().String(), "error", err)
	}
	return err
}

func (n *Near) serve(ctx context.Context, conn net.Conn, p handoff.Peer) error {
	header, err := n.header(p)
	var ch *channel
	if err == nil {
		ch, err = newChannel(ctx, func() (*muxnet.Stream, error) { return n.stream(ctx) })
	}
	if err != nil {
		handoff.Abort(conn)
		return err
	}
	defer context.AfterFunc(ctx, func() {
		ch.Reset(mux.Cancelled, "the gateway ends")
		handoff.Abort(conn)
	})()
	if len(header) > 0 {
		_, _ = ch.Write(header) // its error is that of what follows
	}
	return (&carriage{conn: conn, stream: ch, limits: n.Limits, in: &n.counts.in, out: &n.counts.out}).carry()
}

// header is the PROXY header that says who the client is.
func (n *Near) header(p handoff.Peer) ([]byte, error) {
	if n.SendProxy == 0 {
		return nil, nil
	}
	return preface.Proxied{Client: p.Client, Server: p.Server, Local: !p.Client.IsValid()}.Append(nil, n.SendProxy)
}

func (n *Near) stream(ctx context.Context) (*muxnet.Stream, error) {
	var o mux.Opening
	if n.Authority != "" {
		o.Metadata = mux.AppendPair(nil, AuthorityName, []byte(n.Authority))
	}
	ctx, cancel := context.WithTimeout(ctx, n.Wait)
	defer cancel()
	return n.links.open(ctx, &o)
}

// connectTime is how long one attempt to connect may take.
const connectTime = 5 * time.Second

// connect connects to the far gateway.
func (n *Near) connect(ctx context.Context) (*muxnet.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	transport, err := n.Dial(ctx)
	if err != nil {
		return nil, err
	}
	c, err := muxnet.Client(transport, n.Options...)
	if err != nil {
		return nil, errors.Join(err, transport.Close())
	}
	if err := c.Ready(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
