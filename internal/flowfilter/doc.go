// Package flowfilter picks the frames of one UDP socket out of all that an interface receives, in the kernel. One [Match] is
// turned into three programs that agree on every frame: the filter of a packet socket, which lets them into its ring, a rule on
// the interface, which keeps them from the kernel's own stack, and a program that gives them to a socket of AF_XDP.
//
// A frame is picked when it is addressed to the interface (or to a group), is not part of a virtual network that lies on top of
// it, and carries UDP to one of the addresses and the port. Of a fragmented datagram the first fragment is picked, because the
// port stands in it: its reader counts and refuses it, and the others come to nothing in the kernel. Everything else is left
// alone, and so are packets with IPv4 options, or with extension headers of IPv6 before UDP: the kernel treats them as if the
// programs were not there.
//
// Programs are assembled, not compiled: neither clang nor the headers of the kernel are needed.
package flowfilter
