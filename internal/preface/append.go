package preface

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/pires/go-proxyproto"
)

// Append appends the header of the PROXY protocol that says what p does, in version 1 or 2. Version 1 has the addresses alone.
// One that is Local, or whose client or server has no address, as that of a unix socket, goes as LOCAL, which is UNKNOWN in
// version 1. An IPv4 address beside an IPv6 one is mapped into IPv6.
func (p Proxied) Append(b []byte, version int) ([]byte, error) {
	h := proxyproto.HeaderProxyFromAddrs(byte(version), nil, nil)
	if !p.Local && p.Client.IsValid() && p.Server.IsValid() {
		h = proxyproto.HeaderProxyFromAddrs(byte(version), tcpAddr(p.Client), tcpAddr(p.Server))
	}
	if version != 1 && version != 2 {
		return b, fmt.Errorf("the PROXY protocol has the versions 1 and 2, not %d", version)
	}
	if version == 2 {
		if err := h.SetTLVs(p.tlvs()); err != nil {
			return b, fmt.Errorf("a PROXY header: %w", err)
		}
	}
	header, err := h.Format()
	if err == nil && len(header) > MaxProxied {
		err = fmt.Errorf("%d bytes are more than the %d that others may take", len(header), MaxProxied)
	}
	if err != nil {
		return b, fmt.Errorf("a PROXY header: %w", err)
	}
	return append(b, header...), nil
}

// tlvs are what is known beside the addresses.
func (p Proxied) tlvs() []proxyproto.TLV {
	var all []proxyproto.TLV
	if p.Protocol != "" {
		all = append(all, proxyproto.TLV{Type: proxyproto.PP2_TYPE_ALPN, Value: []byte(p.Protocol)})
	}
	if p.Authority != "" {
		all = append(all, proxyproto.TLV{Type: proxyproto.PP2_TYPE_AUTHORITY, Value: []byte(p.Authority)})
	}
	return all
}

func tcpAddr(a netip.AddrPort) *net.TCPAddr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port()))
}
