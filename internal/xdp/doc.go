// Package xdp receives and sends whole frames through sockets of AF_XDP (Linux's Documentation/networking/af_xdp.rst).
//
// Frames lie in memory that is shared with the kernel and cut into chunks of one size; what goes between the two are the numbers
// of chunks, in four rings. A [Receiver] has the ring of chunks that the kernel may fill and that of those it has filled; a
// [Sender] that of chunks to send and that of those which have been sent. There is no system call for a frame. On drivers that
// cannot give the memory to their device, veth among them, the kernel copies each frame once.
//
// What a receiver gets is up to a program on its interface: see package flowfilter. Both need CAP_NET_RAW. Only Linux has them.
package xdp
