package balance

import (
	"encoding/binary"
	"net/netip"
)

// IPHash gives all requests of a client's address to one member: [Maglev], with [AddrKey] of the address as Request.Key.
func IPHash() Policy { return ipHash{maglev{DefaultTable}} }

type ipHash struct{ maglev }

func (ipHash) String() string { return "ip hash" }

// AddrKey makes a Request.Key of a client's address. An IPv4 address counts whole, also when it is mapped into IPv6. Of an IPv6
// address the upper 64 bits count, since hosts change the lower ones by themselves every few hours (RFC 8981).
func AddrKey(a netip.Addr) uint64 {
	a = a.Unmap()
	if a.Is4() {
		b := a.As4()
		return mix(uint64(binary.BigEndian.Uint32(b[:])))
	}
	b := a.As16()
	return mix(binary.BigEndian.Uint64(b[:]) + gamma)
}
