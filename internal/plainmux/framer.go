package plainmux

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net"
	"time"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A framer reads and writes frames. Reading is for one goroutine, and writing for one.
type framer struct {
	transport net.Conn
	clock     *clockedReader
	in        *bufio.Reader
	maxFrame  uint32        // the longest payload that this side takes
	frameTime time.Duration // 0 leaves the clock alone
	checkedIn bool          // what arrives has checksums
	checked   bool          // what is sent has checksums
}

func newFramer(transport net.Conn) *framer {
	clock := &clockedReader{transport: transport, heard: time.Now()}
	return &framer{transport: transport, clock: clock, in: bufio.NewReader(clock), maxFrame: maxLength}
}

// read returns the next frame, with its header and its checksum verified. The end of the transport between two frames is io.EOF.
func (f *framer) read() (Frame, error) {
	if _, err := f.in.Peek(1); err != nil {
		return Frame{}, err
	}
	if f.frameTime > 0 {
		f.clock.limit = time.Now().Add(f.frameTime)
		defer func() { f.clock.limit = time.Time{} }()
	}
	var header [headerSize]byte
	if _, err := io.ReadFull(f.in, header[:]); err != nil {
		return Frame{}, err
	}
	length, frame := parseHeader(header[:])
	plain, err := f.admit(frame, length)
	if err != nil {
		return frame, err
	}
	payload := make([]byte, length)
	if n, err := io.ReadFull(f.in, payload); err != nil {
		if n == 0 && err == io.EOF { // ReadFull calls it the end in order, but the header promised more
			err = io.ErrUnexpectedEOF
		}
		return frame, err
	}
	frame.Payload = payload[:plain]
	if frame.Flags&Checked != 0 && binary.LittleEndian.Uint32(payload[plain:]) != checksum(header[:], frame.Payload) {
		return frame, fault(Corrupt, "the checksum of a frame of type %d does not fit", frame.Type)
	}
	return frame, nil
}

// admit looks at a header before any memory is given to its payload, and returns how long that is without its checksum.
func (f *framer) admit(frame Frame, length int) (int, error) {
	plain := length
	if f.checkedIn {
		plain -= checksumSize
	}
	if plain > int(f.maxFrame) {
		return 0, fault(TooLarge, "a frame of %d bytes is longer than %d", plain, f.maxFrame)
	}
	switch checked := frame.Flags&Checked != 0; {
	case f.checkedIn && (!checked || plain < 0):
		return 0, fault(Corrupt, "a frame of type %d has no checksum", frame.Type)
	case checked && !f.checkedIn:
		return 0, fault(Protocol, "a frame of type %d has a checksum, which is not of this connection's features", frame.Type)
	}
	return plain, check(frame, plain)
}

func checksum(header, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(header, castagnoli), castagnoli, payload)
}

// encode is a frame as it is on the wire.
func (f *framer) encode(frame Frame) []byte {
	length := len(frame.Payload)
	if f.checked {
		length += checksumSize
		frame.Flags |= Checked
	}
	b := make([]byte, headerSize, headerSize+length)
	putHeader(b, length, frame.Type, frame.Flags, frame.Stream)
	b = append(b, frame.Payload...)
	if f.checked {
		b = binary.LittleEndian.AppendUint32(b, checksum(b[:headerSize], frame.Payload))
	}
	return b
}

func (f *framer) write(frame Frame) error {
	_, err := f.transport.Write(f.encode(frame))
	return err
}
