//go:build !linux

package udp

import "net/netip"

type transmitter struct{}

func (*transmitter) transmit(s *send, k *socket, b []*Packet) { s.transmitPlain(k, b) }

// reachable says whether a socket can send to an address.
func (k *socket) reachable(a netip.Addr) bool { return !k.local.Addr().Is4() || a.Is4() }
