package pcap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"time"
)

// A modern is a file of pcapng (draft-ietf-opsawg-pcapng): sections of blocks, and interfaces each with a type of link.
type modern struct {
	in     input
	ifaces []iface   // of the section
	at     time.Time // of the packet before
}

// An iface is what packets were captured on.
type iface struct {
	link   linkType
	snap   uint32 // the most bytes that were captured of a packet, 0 for no limit
	units  uint64 // of time in a second
	offset int64  // seconds that times are behind
}

// Types of blocks. Others are skipped.
const (
	sectionHeader        = 0x0a0d0d0a
	interfaceDescription = 1
	obsoletePacket       = 2
	simplePacket         = 3
	enhancedPacket       = 6
)

const (
	byteOrderMagic = 0x1a2b3c4d
	blockHeader    = 8 // type and length, which also stands behind a block
	blockTrailer   = 4
	mostInterfaces = 1 << 16
)

// Least sizes of the bodies of blocks, by their types.
var leastBody = map[uint32]int{sectionHeader: 16, interfaceDescription: 8, obsoletePacket: 20, simplePacket: 4, enhancedPacket: 20}

func (m *modern) next() (f frame, err error) {
	for {
		kind, body, err := m.block()
		if err != nil {
			return f, err
		}
		switch kind {
		case sectionHeader:
			if major := m.in.order.Uint16(body[4:]); major != 1 {
				return f, fmt.Errorf("version %d of pcapng is not known", major)
			}
			m.ifaces = m.ifaces[:0]
		case interfaceDescription:
			if err := m.describe(body); err != nil {
				return f, err
			}
		case simplePacket:
			return m.simple(body)
		case enhancedPacket:
			return m.packet(m.in.order.Uint32(body), body)
		case obsoletePacket:
			return m.packet(uint32(m.in.order.Uint16(body)), body)
		}
	}
}

// block reads a block, and its body where its type is one that is known.
func (m *modern) block() (kind uint32, body []byte, err error) {
	h, err := m.in.read(blockHeader)
	if err != nil {
		return 0, nil, err
	}
	if binary.LittleEndian.Uint32(h) == sectionHeader {
		if err := m.turn(); err != nil {
			return 0, nil, err
		}
	}
	if m.in.order == nil {
		return 0, nil, fmt.Errorf("there is a block of type %#x before a section", binary.LittleEndian.Uint32(h))
	}
	kind, size := m.in.order.Uint32(h), m.in.order.Uint32(h[4:])
	least, known := leastBody[kind]
	if size%4 != 0 || size < uint32(blockHeader+least+blockTrailer) || size > math.MaxInt32 || known && size > 2*longest {
		return 0, nil, fmt.Errorf("a block of type %#x has %d bytes", kind, size)
	}
	rest := int(size) - blockHeader
	if !known {
		_, err = m.in.r.Discard(rest)
		return kind, nil, inside(err)
	}
	b, err := m.in.more(rest)
	if err != nil {
		return 0, nil, err
	}
	if again := m.in.order.Uint32(b[rest-blockTrailer:]); again != size {
		return 0, nil, fmt.Errorf("a block of type %#x has %d bytes by its beginning, and %d by its end", kind, size, again)
	}
	return kind, b[:rest-blockTrailer], nil
}

// turn finds the order of the bytes of a section, whose header has just been read.
func (m *modern) turn() error {
	b, err := m.in.r.Peek(4)
	if err != nil {
		return inside(err)
	}
	for _, m.in.order = range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if m.in.order.Uint32(b) == byteOrderMagic {
			return nil
		}
	}
	return fmt.Errorf("the bytes of a section have an order that is not known: %x", b)
}

// describe adds an interface.
func (m *modern) describe(body []byte) error {
	if len(m.ifaces) == mostInterfaces {
		return fmt.Errorf("there are more than %d interfaces", mostInterfaces)
	}
	order := m.in.order
	f := iface{link: linkType(order.Uint16(body)), snap: order.Uint32(body[4:]), units: 1e6}
	for b := body[8:]; len(b) >= 4; {
		code, n := order.Uint16(b), int(order.Uint16(b[2:]))
		padded := 4 + (n+3)&^3
		if code == endOfOptions || padded > len(b) {
			break
		}
		switch value := b[4 : 4+n]; {
		case code == timeResolution && n == 1:
			var ok bool
			if f.units, ok = resolution(value[0]); !ok {
				return fmt.Errorf("times of an interface are finer than can be read: resolution %#x", value[0])
			}
		case code == timeOffset && n == 8:
			f.offset = int64(order.Uint64(value))
		}
		b = b[padded:]
	}
	m.ifaces = append(m.ifaces, f)
	return nil
}

// Options of interfaces.
const (
	endOfOptions   = 0
	timeResolution = 9
	timeOffset     = 14
)

// resolution is how many units a second has: a power of 10 or, with the highest bit, of 2.
func resolution(b byte) (units uint64, ok bool) {
	exponent := int(b & 0x7f)
	if b&0x80 != 0 {
		return 1 << (exponent & 63), exponent < 64
	}
	units = 1
	for range min(exponent, 19) {
		units *= 10
	}
	return units, exponent <= 19 // of which 64 bits have room for one
}

func (f iface) time(t uint64) time.Time {
	high, low := bits.Mul64(t%f.units, 1e9)
	nanos, _ := bits.Div64(high, low, f.units)
	return time.Unix(int64(t/f.units)+f.offset, int64(nanos)).UTC()
}

// packet is one with its time.
func (m *modern) packet(on uint32, body []byte) (f frame, err error) {
	if on >= uint32(len(m.ifaces)) {
		return f, fmt.Errorf("packet of an unknown interface %d", on)
	}
	from, order := m.ifaces[on], m.in.order
	m.at = from.time(uint64(order.Uint32(body[4:]))<<32 | uint64(order.Uint32(body[8:])))
	return m.frame(from, order.Uint32(body[12:]), order.Uint32(body[16:]), body[20:])
}

// simple is a packet of the first interface that has no time: it has that of the one before.
func (m *modern) simple(body []byte) (f frame, err error) {
	if len(m.ifaces) == 0 {
		return f, errors.New("packet of an unknown interface 0")
	}
	whole, from := m.in.order.Uint32(body), m.ifaces[0]
	n := whole
	if from.snap > 0 {
		n = min(n, from.snap)
	}
	return m.frame(from, n, whole, body[4:])
}

func (m *modern) frame(from iface, n, whole uint32, b []byte) (f frame, err error) {
	if err := plausible(n, whole); err != nil {
		return f, err
	}
	if int(n) > len(b) {
		return f, fmt.Errorf("%d bytes of a packet are said to be in a block that has %d: %w", n, len(b), io.ErrUnexpectedEOF)
	}
	return frame{from.link, b[:n], m.at}, nil
}
