// Package packet reads and writes the headers around a UDP datagram, for sources and senders that see whole frames: Ethernet
// (IEEE 802.3, with 802.1Q and 802.1ad tags), IPv4 (RFC 791), IPv6 (RFC 8200) and UDP (RFC 768). It checks what the kernel checks
// before a socket gets to see a datagram, and names what is wrong, so that refusals can be counted one by one.
//
//	var d packet.Datagram
//	if r := packet.Parse(&d, frame, 0); r != packet.OK {
//		refused[r]++
//	}
//
// Options of IPv4 are skipped. Fragments are refused, since nothing here reassembles, and so is an IPv6 packet with extension
// headers. All of it is pure functions on bytes. Nothing allocates.
package packet
