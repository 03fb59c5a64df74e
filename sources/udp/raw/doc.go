// Package raw has engines of package udp that take whole frames from an interface, past the kernel's protocols:
//
//	p.From(udp.Listen("192.0.2.1:9000", raw.PacketRing("eth0")))
//
// [PacketRing] shares a ring of blocks with the kernel (TPACKET_V3), which holds more than a socket does and costs no system
// call for a packet. [XDP] takes frames before the kernel makes packets of them (AF_XDP); it is experimental. Both need
// CAP_NET_RAW and CAP_NET_ADMIN, XDP CAP_BPF too, and both are for Linux alone.
//
// An engine receives what is addressed to the interface and sent to the address of the source, which must be one of the
// interface's, or all of them as they are when it starts (0.0.0.0, [::]). It verifies what the kernel would: lengths, both
// checksums, the address of the sender; and it refuses fragments, since nobody puts them together. Each reason has a counter.
//
// What the kernel does behind its protocols it does not do here: firewall rules for local traffic (netfilter's INPUT), reverse path
// filters and sysctls about UDP have no part in what is received.
//
// # Two copies
//
// A frame in a ring goes to the kernel's own stack as well, which would look for a socket. With [PacketRing] a rule on the
// interface drops that copy (tcx, Linux 6.6), and nothing else. It belongs to the process and is gone when that ends, however it
// does. Where there is no such rule, the source's socket refuses the copy, which costs about as much as receiving it; the gauge
// "kernel's copy" says which. [XDP] leaves no copy.
//
// Answers go out through a socket of the source, and through the kernel, which knows the way. It is bound to the address, so that
// nobody else is, and to the interface, and receives nothing.
//
// # Checksums on one machine
//
// A frame that comes from the same machine, through veth, has no checksum of UDP: it is left to a device that never comes. The
// kernel tells a ring of packets so, and such frames are taken. It does not tell a program of XDP: there they are refused as
// "unfinished checksum", unless the sender's interface is told to finish them (ethtool -K veth0 tx off).
package raw
