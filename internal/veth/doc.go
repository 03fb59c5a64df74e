// Package veth makes two hosts for tests and measurements: network namespaces (network_namespaces(7)) that are joined by a cable,
// a pair of virtual Ethernet interfaces (veth(4)), or by a link that takes time, which keeps packets between two TUN interfaces.
// Nothing of the machine's own network is touched, and all of it vanishes with the process, however that ends. Only Linux has it;
// it needs CAP_SYS_ADMIN and the program ip (Debian: iproute2), and /dev/net/tun for the link.
package veth
