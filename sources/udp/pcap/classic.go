package pcap

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A classic is a file of pcap, which has one type of link (draft-ietf-opsawg-pcap, "PCAP Capture File Format").
type classic struct {
	in   input
	link linkType
	unit time.Duration // of what times have behind the second
}

// What a file of pcap begins with, by the unit of its times.
const (
	magicMicroseconds = 0xa1b2c3d4
	magicNanoseconds  = 0xa1b23c4d
)

// Sizes of the headers of a file and of a packet.
const (
	fileHeader   = 24
	packetHeader = 16
)

func newClassic(in input) (*classic, error) {
	h, err := in.more(fileHeader)
	if err != nil {
		return nil, err
	}
	c := &classic{in: in}
	for _, c.in.order = range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch c.in.order.Uint32(h) {
		case magicMicroseconds:
			c.unit = time.Microsecond
		case magicNanoseconds:
			c.unit = time.Nanosecond
		default:
			continue
		}
		if major := c.in.order.Uint16(h[4:]); major != 2 {
			return nil, fmt.Errorf("version %d of pcap is not known", major)
		}
		c.link = linkType(c.in.order.Uint32(h[20:])) // in front of it stands how long a checksum is that frames end with
		return c, nil
	}
	return nil, fmt.Errorf("it begins with %x", h[:4])
}

func (c *classic) next() (f frame, err error) {
	h, err := c.in.read(packetHeader)
	if err != nil {
		return f, err
	}
	order := c.in.order
	f.link = c.link
	f.at = time.Unix(int64(order.Uint32(h)), int64(order.Uint32(h[4:]))*int64(c.unit)).UTC()
	n, whole := order.Uint32(h[8:]), order.Uint32(h[12:])
	if err := plausible(n, whole); err != nil {
		return f, err
	}
	f.data, err = c.in.more(int(n))
	return f, err
}

// plausible looks at how many bytes of a packet there are said to be, and how many it had.
func plausible(n, whole uint32) error {
	if n > whole || n > longest {
		return fmt.Errorf("%d bytes are said to be there of a packet of %d bytes, and %d are the most", n, whole, longest)
	}
	return nil
}
