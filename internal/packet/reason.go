package packet

import "fmt"

// A Reason says why a frame is no datagram that can be used.
type Reason uint8

// The reasons, in the order in which they are looked for.
const (
	OK         Reason = iota
	Short             // the frame ends within its headers
	Foreign           // it is not IP
	Header            // the header of IP contradicts itself: its version or its length
	HeaderSum         // the checksum of the IPv4 header is wrong
	Fragment          // it is a part of a datagram
	Extension         // IPv6 with extension headers
	Protocol          // IP that does not carry UDP
	Length            // UDP's length is impossible, or more than IP's
	Source            // from an address that cannot be answered: unspecified, multicast, broadcast or loopback
	NoSum             // IPv6 without a checksum of UDP (RFC 8200, section 8.1)
	Unfinished        // the checksum was left to the sender's interface, and the frame has not passed it
	Sum               // the checksum of UDP is wrong
	Truncated         // the frame has been cut: the end of the payload is missing, and the checksum was not verified

	Reasons // how many there are
)

var reasons = [Reasons]string{
	OK: "none", Short: "headers cut short", Foreign: "not IP", Header: "bad IP header", HeaderSum: "bad header checksum",
	Fragment: "fragment", Extension: "IPv6 extension header", Protocol: "not UDP", Length: "bad length",
	Source: "source that cannot be answered", NoSum: "IPv6 without checksum", Unfinished: "unfinished checksum",
	Sum: "bad checksum", Truncated: "truncated",
}

// String names the reason for people.
func (r Reason) String() string {
	if r < Reasons {
		return reasons[r]
	}
	return fmt.Sprintf("reason %d", uint8(r))
}
