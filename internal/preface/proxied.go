package preface

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/pires/go-proxyproto"
)

// Proxied is what a header of the PROXY protocol says of the connection that a proxy forwards.
// (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt)
type Proxied struct {
	Client, Server netip.AddrPort // who it is from and what it came to, IPv4 as such
	Local          bool           // there are no addresses in it: those of the socket count
	Authority      string         // the host name that the client asked for, as it stands in a header of version 2
	Protocol       string         // what ALPN agreed upon, as it stands in a header of version 2
}

// Sizes of headers, in bytes.
const (
	maxLine   = 107 // of version 1, with its end of line
	leastLine = len("PROXY UNKNOWN\r\n")
	fixed     = 16   // of version 2, before the addresses
	maxRest   = 4096 // of version 2, after that: what go-proxyproto takes too

	// MaxProxied is the most bytes of a header.
	MaxProxied = fixed + maxRest
)

var (
	line    = []byte("PROXY ")
	binary2 = []byte("\r\n\r\n\x00\r\nQUIT\n")
)

// ErrNotProxied is of a connection that does not begin with a header of the PROXY protocol.
var ErrNotProxied = errors.New("the connection does not begin with a PROXY header")

// ParseProxied reads a header of version 1 or 2. It is for peers that must send one, and for no others: see [Trusted].
func ParseProxied(b []byte) (p Proxied, n int, err error) {
	switch {
	case len(b) == 0:
		return Proxied{}, -leastLine, nil
	case begins(b, binary2):
		n, err = sizeOfBinary(b)
	case begins(b, line):
		n, err = sizeOfLine(b)
	default:
		return Proxied{}, 0, fmt.Errorf("%w but with %q", ErrNotProxied, b[:min(len(b), len(binary2))])
	}
	if err != nil || n < 0 {
		return Proxied{}, n, err
	}
	h, err := read(b[:n])
	if err != nil {
		return Proxied{}, 0, fmt.Errorf("the PROXY header: %w", err)
	}
	if p, err = proxied(h); err != nil {
		return Proxied{}, 0, err
	}
	return p, n, nil
}

// begins says whether b begins with the signature, as far as it goes.
func begins(b, signature []byte) bool {
	n := min(len(b), len(signature))
	return bytes.Equal(b[:n], signature[:n])
}

// sizeOfLine is the size of a header of version 1, or below 0 as ParseProxied has it.
func sizeOfLine(b []byte) (int, error) {
	if end := bytes.IndexByte(b[:min(len(b), maxLine)], '\n'); end >= 0 {
		return end + 1, nil
	}
	switch {
	case len(b) >= maxLine:
		return 0, fmt.Errorf("the PROXY header has no end of line within %d bytes", maxLine)
	case len(b) > 0 && b[len(b)-1] == '\r':
		return -max(leastLine, len(b)+1), nil
	}
	return -max(leastLine, min(len(b)+2, maxLine)), nil
}

// sizeOfBinary is the size of a header of version 2, or below 0 as ParseProxied has it.
func sizeOfBinary(b []byte) (int, error) {
	if len(b) > len(binary2) && b[len(binary2)]>>4 != 2 {
		return 0, fmt.Errorf("the PROXY header is of version %d, not 2", b[len(binary2)]>>4)
	}
	if len(b) < fixed {
		return -fixed, nil
	}
	rest := int(binary.BigEndian.Uint16(b[fixed-2:]))
	switch {
	case rest > maxRest:
		return 0, fmt.Errorf("the PROXY header goes on for %d bytes, more than %d", rest, maxRest)
	case len(b) < fixed+rest:
		return -fixed - rest, nil
	}
	return fixed + rest, nil
}

// proxied takes what counts out of a header.
func proxied(h *proxyproto.Header) (p Proxied, err error) {
	tlvs, err := h.TLVs()
	if err != nil && !h.Command.IsLocal() { // what comes with that is to be skipped
		return Proxied{}, fmt.Errorf("the PROXY header: %w", err)
	}
	for _, t := range tlvs {
		switch t.Type {
		case proxyproto.PP2_TYPE_AUTHORITY:
			p.Authority = string(t.Value)
		case proxyproto.PP2_TYPE_ALPN:
			p.Protocol = string(t.Value)
		}
	}
	if h.Command.IsLocal() || h.TransportProtocol.IsUnix() {
		p.Local = true
		return p, nil
	}
	client, server, ok := h.TCPAddrs()
	if !ok {
		return Proxied{}, errors.New("the PROXY header is of datagrams, and this is a connection")
	}
	p.Client, p.Server = addrPort(client), addrPort(server)
	return p, nil
}

func addrPort(a *net.TCPAddr) netip.AddrPort {
	p := a.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}
