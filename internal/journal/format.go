package journal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
)

const (
	magic   = "leatjrnl"
	version = 1

	fileHead   = 24
	recordHead = 20

	// RecordFull is how many bytes of payload a record holds before the next is begun. It bounds what a lane waits for
	// behind others, and what a reader must hold to check a sum.
	RecordFull = 1 << 20
	// MaxMessage is the most bytes of one encoded message: as many as a decoder may ask for.
	MaxMessage = 1 << 30

	maxRecord = RecordFull + MaxMessage
)

// What can be wrong with a file. The errors that wrap them name the offset.
var (
	ErrFormat  = errors.New("not a journal")
	ErrDamaged = errors.New("a record is damaged that had been kept safely")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newHead makes the header of a new file.
func newHead() []byte {
	b := binary.LittleEndian.AppendUint32([]byte(magic), version)
	b = append(b, make([]byte, 8)...)
	rand.Read(b[12:20])
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// sums computes the checksums of the records of one file. Its scratch is in the heap once and for all.
type sums struct {
	seed    uint32 // the sum of the salt
	scratch [20]byte
}

// parseHead checks the header of a file.
func parseHead(b []byte) (s sums, err error) {
	switch {
	case string(b[:8]) != magic:
		return s, fmt.Errorf("%w: it does not begin with %q", ErrFormat, magic)
	case crc32.Checksum(b[:20], castagnoli) != binary.LittleEndian.Uint32(b[20:]):
		return s, fmt.Errorf("%w: the first %d bytes are damaged", ErrDamaged, fileHead)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != version {
		return s, fmt.Errorf("%w of version %d but of version %d", ErrFormat, version, v)
	}
	s.seed = crc32.Checksum(b[12:20], castagnoli)
	return s, nil
}

// unborn says whether b, a whole file that is shorter than a header, is what a crash has left of the making of a journal, and
// not the file of somebody else.
func unborn(b []byte) bool {
	n := min(len(b), len(magic))
	return string(b[:n]) == magic[:n] || !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

// A head is the header of a record.
type head struct {
	settled int64
	length  int
	headsum uint32
	sum     uint32
}

// parseRecord reads a header whose record would lie at offset at. It says whether it is one.
func (s *sums) parseRecord(b []byte, at int64) (h head, ok bool) {
	settled, length := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:])
	if length-1 >= maxRecord || settled > uint64(at) { // a search behind a bad record gets no further than this in most places
		return h, false
	}
	h = head{int64(settled), int(length), binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint32(b[16:])}
	return h, s.head(at, b[:12]) == h.headsum
}

// whole says whether payload is that of h.
func (h head) whole(payload []byte) bool {
	return crc32.Update(h.headsum, castagnoli, payload) == h.sum
}

// seal fills in the header of a record, which is the front of b, for the offset at.
func (s *sums) seal(b []byte, at, settled int64) {
	binary.LittleEndian.PutUint64(b, uint64(settled))
	binary.LittleEndian.PutUint32(b[8:], uint32(len(b)-recordHead))
	sum := s.head(at, b[:12])
	binary.LittleEndian.PutUint32(b[12:], sum)
	binary.LittleEndian.PutUint32(b[16:], crc32.Update(sum, castagnoli, b[recordHead:]))
}

func (s *sums) head(at int64, settledLength []byte) uint32 {
	binary.LittleEndian.PutUint64(s.scratch[:], uint64(at))
	copy(s.scratch[8:], settledLength)
	return crc32.Update(s.seed, castagnoli, s.scratch[:])
}

// A record's length must be an int everywhere.
const _ = uint(math.MaxInt32 - maxRecord - recordHead)
