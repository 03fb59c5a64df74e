package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// An Acceptor is a source of connections as a whole, of which it reads nothing but what [ProxyProtocol] and [ServerNames] say: a sink
// takes them over.
type Acceptor struct {
	source  *Source // what listens; it has no engine
	dealing *dealing
	bad     error // what is wrong with the options
}

// Accept makes a source of the connections that are accepted on addr, which is written as for [Listen]. Each is a message; all
// that are accepted in one turn of a loop are one batch, and what no sink has taken when its batch ends is closed.
//
// It has the options of [Listen] that are about accepting and about sockets, [Reactor], [ProxyProtocol], [ServerNames], and of
// [Limits] FirstMessage: from accept until what those two wait for has come. It needs
// the loops of [Reactor], which Linux has: [IOUring] and [Goroutines] are an error of Bind and Run, as is a [Linger] that would
// let a loop wait.
//
// When it stops, what is in the backlog is still accepted, and what had arrived by then still read. The connections that sinks have taken over go on until they end, or
// until the time to drain is over: then they are cut, and counted as lost.
func Accept(addr string, opts ...Option) *Acceptor {
	a := &Acceptor{source: newSource(addr, opts)}
	a.dealing, a.bad = newDealing(a.source)
	a.source.engine = nil
	return a
}

// errWaits is the answer to Linger.
var errWaits = errors.New("the option Linger would have a loop wait in the close of one connection: leave it out")

// String returns the name of the node.
func (a *Acceptor) String() string { return a.source.String() }

// Addr is the address that the source is bound to, or nil before Bind: a *net.TCPAddr or a *net.UnixAddr.
func (a *Acceptor) Addr() net.Addr { return a.source.Addr() }

// Bind opens the listening socket before the pipeline starts, so that Addr is known. Connections wait in the kernel's
// backlog until then.
func (a *Acceptor) Bind() error {
	switch {
	case a.bad != nil:
		return a.bad
	case a.source.waits:
		return errWaits
	}
	return a.source.Bind()
}

// SyscallConn is the listening socket, for a process that is to take it over: see [Source.SyscallConn].
func (a *Acceptor) SyscallConn() (syscall.RawConn, error) { return a.source.SyscallConn() }

// Started is closed when the source has started.
func (a *Acceptor) Started() <-chan struct{} { return a.source.Started() }

// HandOver ends the accepting because another process serves the same socket from now on: see [Source.HandOver].
func (a *Acceptor) HandOver(ctx context.Context) error { return a.source.HandOver(ctx) }

// Len is how many connections are open.
func (a *Acceptor) Len() int { return a.source.Len() }

// Liveness is that of [Source.Liveness].
func (a *Acceptor) Liveness() func() bool { return a.dealing.liveness() }

// Lanes implements pipeline.Source.
func (a *Acceptor) Lanes() int { return a.dealing.lanes() }

// Services implements pipeline.Served.
func (a *Acceptor) Services() []pipeline.Service { return a.dealing.services() }

// Gauges implements pipeline.Gauged.
func (a *Acceptor) Gauges() []pipeline.Gauge {
	return append(a.source.gauges(a.dealing.String()), a.dealing.gauges()...)
}

// Start implements pipeline.Source.
func (a *Acceptor) Start(open func(wake func()) *pipeline.Inlet[stage.Accepted]) error {
	if err := a.source.validate(); err != nil {
		return err
	}
	if d := a.source.limits.FirstMessage; d < 0 {
		return fmt.Errorf("the time limit of the first message is negative: %v", d)
	}
	if err := a.Bind(); err != nil {
		return err
	}
	if err := a.dealing.validate(); err != nil {
		return err
	}
	if err := a.dealing.start(open); err != nil {
		return err
	}
	close(a.source.started)
	return nil
}

// Stop implements pipeline.Source.
func (a *Acceptor) Stop(ctx context.Context) {
	a.source.stopping.Store(true)
	a.source.deafen()
	a.dealing.stop(ctx)
}

// Close implements pipeline.Source.
func (a *Acceptor) Close(ctx context.Context) pipeline.Lost { return a.dealing.shut(ctx) }
