package sinks

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/stage"
)

// TunnelLimits bound what one tunnel may cost. A time of 0 means no limit. They are kept to within a sixteenth of the shortest
// one, and at most half a second, never too early.
type TunnelLimits struct {
	Connect    time.Duration // until a backend accepts; it must not be 0
	Handshake  time.Duration // for a handshake of TLS, on either side
	Handshakes int           // that are under way at a time on each side, of all loops; more wait, within their time
	Retries    int           // how many other routes are tried when one cannot be connected to
	Idle       time.Duration // without a byte in either direction
	HalfClosed time.Duration // for which the side that is left may be silent, once the other has ended its stream
	WriteStall time.Duration // for which one side takes none of the bytes that wait for it
	Held       int           // bytes that all tunnels of a loop may hold together, before they read 4 KiB at a time
	Pipes      int           // that a loop has for bulk; each is two descriptors and up to 1 MiB of the kernel's
}

// DefaultTunnelLimits suit what is not known: Idle is that of nginx's stream proxy. What a tunnel holds is at most one read of
// 64 KiB in each direction, so Held is that of 512 peers that take nothing.
var DefaultTunnelLimits = TunnelLimits{
	Connect: 5 * time.Second, Handshake: 10 * time.Second, Handshakes: tlsio.DefaultMost, Retries: 2,
	Idle: 10 * time.Minute, HalfClosed: time.Minute, WriteStall: 5 * time.Minute,
	Held: 32 << 20, Pipes: 64,
}

// Validate says what is wrong with l, in a sentence.
func (l TunnelLimits) Validate() error {
	switch {
	case l.Connect <= 0:
		return fmt.Errorf("the time to connect must be more than 0, not %v", l.Connect)
	case min(l.Handshake, l.Idle, l.HalfClosed, l.WriteStall) < 0:
		return fmt.Errorf("a time limit is negative")
	case l.Retries < 0 || l.Retries > 100:
		return fmt.Errorf("the routes to try again must be between 0 and 100, not %d", l.Retries)
	case l.Held < 0:
		return fmt.Errorf("the bytes that may be held must not be negative: they are %d", l.Held)
	case l.Pipes < 0 || l.Pipes > 4096:
		return fmt.Errorf("pipes must be between 0 and 4096, not %d", l.Pipes)
	}
	return nil
}

// A TunnelRecord is what is known of a tunnel when it has ended.
type TunnelRecord struct {
	Client, Server   netip.AddrPort // who had connected, and what it came to
	ServerName       string         // of the client's TLS hello, where the source has looked or TLS is terminated
	Protocol         string         // that was agreed on with the client where TLS is terminated (ALPN)
	Backend, Address string         // of the last route; empty when there was none

	Began      time.Time
	Connecting time.Duration // until the backend had accepted, with what was tried before but not the client's handshake; 0 when none did
	Lasted     time.Duration // of that the clock is read once in a turn of the loop
	Sent       uint64        // bytes that the backend's kernel took
	Received   uint64        // bytes that the client's kernel took
	Tries      int           // backends that were tried

	// Reason is why the tunnel has ended: nil when both sides had ended their streams.
	Reason error
}

// Why a tunnel ended that did not end in order, beside stage.ErrIdle, stage.ErrWriteTimeout, stage.ErrPanic and
// stage.ErrStopped, and with TLS stage.ErrHandshake of the client, stage.ErrTruncated and stage.ErrMalformed.
var (
	ErrClientReset = &stage.Reason{Label: "client reset"}
	ErrServerReset = &stage.Reason{Label: "backend reset"}
	ErrHalfClosed  = &stage.Reason{Label: "half-closed"}
	ErrNoRoute     = &stage.Reason{Label: "no route"}
	ErrNoBackend   = &stage.Reason{Label: "no backend"}
	ErrNoSocket    = &stage.Reason{Label: "no descriptors"}
)

// The sides of a tunnel.
const (
	client = 0
	server = 1
)

// A TunnelOption changes a tunnel.
type TunnelOption func(*tunnelOptions)

type tunnelOptions struct {
	limits    TunnelLimits
	onEnd     func(*TunnelRecord)
	sendProxy int        // version of the header that backends are sent, or 0
	tls       [2]secured // by side
	mirror    mirrored
}

// validate says what is wrong with the options, in a sentence.
func (o *tunnelOptions) validate() error {
	if v := o.sendProxy; v < 0 || v > 2 {
		return fmt.Errorf("the PROXY protocol has the versions 1 and 2, not %d", v)
	}
	return cmp.Or(o.limits.Validate(), o.validateTLS(), o.mirror.validate())
}

// Limits bound what a tunnel may cost. The default is [DefaultTunnelLimits].
func Limits(l TunnelLimits) TunnelOption { return func(o *tunnelOptions) { o.limits = l } }

// OnEnd has f told of each tunnel that has ended, for a log. It is called on the loop, so it must not wait; a panic in it is
// counted and changes nothing else. The record is its own. It costs each tunnel 250 bytes while it is open.
func OnEnd(f func(*TunnelRecord)) TunnelOption { return func(o *tunnelOptions) { o.onEnd = f } }

// SendProxy has a header of the PROXY protocol sent to the backend before anything else, in version 1 or 2: it says who the client is,
// and what it came to. Version 2 says also which name a TLS client has asked for, where the source has looked. A connection of a unix
// socket goes as LOCAL, which is UNKNOWN in version 1. The default is 0, no header; the bytes of one count as Sent. A backend that
// expects none takes it for what the client says.
func SendProxy(version int) TunnelOption { return func(o *tunnelOptions) { o.sendProxy = version } }

// Tunnel connects each accepted connection to a backend that the upstream picks, and moves bytes between the two until both have
// ended their streams. It is run by the loop of its source, such as that of tcp.Accept, which Linux has; a queue between them, or
// another system, is an error of Run.
//
// What one side sends is written to the other at once, and a side is not read while the other takes nothing: what waits stays in
// the kernel, but for one read of at most 64 KiB. A tunnel at rest has two descriptors, 400 bytes, and neither a goroutine nor a
// buffer. Where a read fills the buffer, bytes go on from socket to socket through a pipe (splice(2)), as long as they come as
// fast as that.
//
// The end of a stream is passed on behind its last byte, and the other direction goes on. A reset is passed on as a reset, behind what
// had come before it; so is every end that is not both sides' own, that neither may mistake it for one. Urgent data loses its mark and
// its last byte (RFC 6093 says not to use it).
//
// When its source stops, tunnels go on until they end, or until the time to drain is over.
func Tunnel(up stage.Upstream, opts ...TunnelOption) stage.SinkMaker[stage.Accepted] {
	o := tunnelOptions{limits: DefaultTunnelLimits}
	for _, f := range opts {
		f(&o)
	}
	return newTunnels(up, o).sink
}
