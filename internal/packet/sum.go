package packet

import (
	"encoding/binary"
	"math/bits"
)

// An accumulator is a sum of 16-bit words in ones' complement arithmetic that has not been folded (RFC 1071). Words are read in
// little-endian order on every machine and eight bytes at a time, which gives the same sum but for the order of its two bytes
// (section 2 (B) and (A)), and eight-byte words with the carry brought around add up to what their four parts would.
type accumulator uint64

// add adds bytes. All but those that are added last must be even in number; an odd byte at the end counts as if a zero came
// behind it.
func (a accumulator) add(b []byte) accumulator {
	s, carry := uint64(a), uint64(0)
	for len(b) >= 32 {
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[8:]), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[16:]), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[24:]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b), carry)
		b = b[8:]
	}
	var rest uint64
	for i := len(b) - 1; i >= 0; i-- {
		rest = rest<<8 | uint64(b[i])
	}
	s, carry = bits.Add64(s, rest, carry)
	s, carry = bits.Add64(s, 0, carry)
	return accumulator(s + carry)
}

// add16 adds one word in the machine's own order.
func (a accumulator) add16(v uint16) accumulator {
	s, carry := bits.Add64(uint64(a), uint64(bits.ReverseBytes16(v)), 0)
	return accumulator(s + carry)
}

// fold is the sum in 16 bits, in the machine's own order. It is 0xffff over bytes with a right checksum among them, and 0 only
// when all were 0.
func (a accumulator) fold() uint16 {
	s := uint64(a)
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return bits.ReverseBytes16(uint16(s))
}

// pseudo is the sum of UDP's pseudo header (RFC 768; RFC 8200, section 8.1), given the bytes of both addresses.
func pseudo(addresses []byte, length uint16) accumulator {
	return accumulator(0).add(addresses).add16(protocolUDP).add16(length)
}
