package pcap

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/leat-io/leat/internal/packet"
)

// A frame is what was captured. Its bytes are valid until the next one is read.
type frame struct {
	link linkType
	data []byte
	at   time.Time
}

// A linkType is what frames begin with, by tcpdump's list: www.tcpdump.org/linktypes.html.
type linkType uint16

const (
	linkNull         linkType = 0
	linkEthernet     linkType = 1
	linkRawBSD       linkType = 12 // what BSDs call raw
	linkRawOpenBSD   linkType = 14
	linkRaw          linkType = 101
	linkLoop         linkType = 108
	linkLinuxCooked  linkType = 113
	linkIPv4         linkType = 228
	linkIPv6         linkType = 229
	linkLinuxCooked2 linkType = 276
)

// What the header of a link is long, for those that are no Ethernet and have one.
const (
	nullHeader    = 4  // the family of the protocol (BSD loopback)
	cookedHeader  = 16 // LINUX_SLL
	cookedHeader2 = 20 // LINUX_SLL2
)

// parse reads what a frame carries.
func (f *frame) parse(d *packet.Datagram, accept packet.Accept) packet.Reason {
	skip := 0
	switch f.link {
	case linkEthernet:
		return packet.Parse(d, f.data, accept)
	case linkRaw, linkIPv4, linkIPv6, linkRawBSD, linkRawOpenBSD:
	case linkNull, linkLoop:
		skip = nullHeader
	case linkLinuxCooked:
		skip = cookedHeader
	case linkLinuxCooked2:
		skip = cookedHeader2
	default:
		return packet.Foreign
	}
	if len(f.data) < skip {
		return packet.Short
	}
	return packet.ParseIP(d, f.data[skip:], accept)
}

// A reader gives out the frames of a file. Behind the last it returns io.EOF.
type reader interface{ next() (frame, error) }

// readSize is how many bytes are read at once.
const readSize = 1 << 20

// newReader looks at the first bytes.
func newReader(f io.Reader) (reader, error) {
	b := bufio.NewReaderSize(f, readSize)
	if magic, err := b.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReaderSize(z, readSize)
	}
	magic, err := b.Peek(4)
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it has less than four bytes")
	case err != nil:
		return nil, err
	case binary.LittleEndian.Uint32(magic) == sectionHeader: // the same from both ends
		return &modern{in: input{r: b}}, nil
	}
	return newClassic(input{r: b})
}

// longest is the most bytes that a packet may have in a file, as in libpcap (MAXIMUM_SNAPLEN).
const longest = 256 << 10

// An input is the rest of a file, and the last bytes that were read of it.
type input struct {
	r     *bufio.Reader
	order binary.ByteOrder // in which numbers are
	buf   []byte
}

// read returns the next n bytes, or io.EOF where there is nothing more.
func (in *input) read(n int) ([]byte, error) {
	if n > cap(in.buf) {
		in.buf = make([]byte, max(n, 2048))
	}
	b := in.buf[:n]
	_, err := io.ReadFull(in.r, b)
	return b, err
}

// more is read behind something that promises more.
func (in *input) more(n int) ([]byte, error) {
	b, err := in.read(n)
	return b, inside(err)
}

// inside is an error of a read in the middle of something.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
