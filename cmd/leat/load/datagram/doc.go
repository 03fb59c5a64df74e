// Package datagram puts load on a server of UDP and accounts for every datagram: the engine of `leat load udp`.
//
// It shares no code with the sources that it measures.
//
// # Roles
//
// Echo sends, and checks the replies of a server that answers each datagram with itself. SendOnly sends, and says at the end how
// much that was. Sink only receives, from any number of senders: what is lost on the way from one process to another is seen
// there.
//
// # What is in a datagram
//
// The first [HeaderSize] bytes have the number of the run, the flow (the source port), the sequence number within the flow, the time
// at which it was due and the time at which it was sent, and a checksum of these, from which all other bytes follow. So a receiver knows
// every byte that it should see, without having kept any.
//
// # What is counted
//
// Sequence numbers of a flow are followed in a window of the last [Window] of them, by one bit each, so that these are exact:
//
//	received    datagrams that came, each once, whole and unchanged
//	duplicates  datagrams that had come before (RFC 5560: the packet arrives more than once)
//	reordered   datagrams that came behind one of a higher number (RFC 4737, section 3: the number is below the next expected);
//	            displaced is the furthest that one was behind the highest
//	stale       datagrams that came more than Window numbers behind the highest: late or repeated, which cannot be told any more.
//	            They count as lost, too
//	lost        sent, and not received. The timeout bounds how long one may be under way (RFC 7680, section 2.6). A sink learns
//	            from the sender how much was sent; when the sender's word has not come it knows only of what is missing below the
//	            highest number
//	corrupt     datagrams of this run whose bytes were changed, cut or added to
//	foreign     datagrams that are not of this run, nor of any
//
// A raw sender counts frames for which the driver had no room as overrun; they are lost, too. Lost datagrams that the kernel dropped because this process's own socket was full are counted as drops: the receiver here, not the
// server, was too slow for them.
//
// # Latency
//
// In an open loop latency is counted from the time at which a datagram was due, which corrects for coordinated omission, and
// service from its sending. Of a sink both are one way. They are there when sender and sink run on one machine, since they share its
// monotonic clock; clocks of two machines are not compared.
package datagram
