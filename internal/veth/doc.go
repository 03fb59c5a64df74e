// Package veth makes two hosts that are joined by a cable, for tests and measurements: network namespaces (network_namespaces(7))
// with one end each of a pair of virtual Ethernet interfaces (veth(4)). Nothing of the machine's own network is touched, and all
// of it vanishes with the process, however that ends. Only Linux has it; it needs CAP_SYS_ADMIN and the program ip (Debian:
// iproute2).
package veth
