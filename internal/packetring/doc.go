// Package packetring receives and sends whole frames through packet sockets (packet(7)), past the kernel's protocols.
//
// A [Ring] is the receiving side, TPACKET_V3: memory in blocks, shared with the kernel, which copies frames into a block and hands
// it over when it is full or some time has passed. There is no system call for a frame, and none for a block as long as another
// is full already. What does not find room is dropped and counted.
//
// A [Sender] is the sending side: frames go straight to the driver, many with one system call.
//
// Both need CAP_NET_RAW. Only Linux has them.
package packetring
