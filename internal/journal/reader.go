package journal

import (
	"bufio"
	"fmt"
	"io"
)

// readAhead is how much of a file is read at once. What fits, with its header, is checked where it lies.
const readAhead = 256 << 10

// A Reader gives back the records of a journal in their order. It reads no more than was there when it was made.
type Reader struct {
	file io.ReaderAt
	size int64
	at   int64 // of the next record
	sums sums
	in   *bufio.Reader
	buf  []byte // of records that are longer than readAhead
	end  error  // io.EOF, or why nothing more is read
}

// NewReader begins to read a journal of size bytes. It fails with [ErrFormat] or [ErrDamaged] when the file's header is not
// that of a journal; an empty file, and what a crash leaves of a header, is a journal without records.
func NewReader(f io.ReaderAt, size int64) (*Reader, error) {
	r := &Reader{file: f, size: size}
	b := make([]byte, min(size, fileHead))
	if _, err := readAt(f, b, 0); err != nil {
		return nil, err
	}
	if len(b) < fileHead {
		if !unborn(b) {
			return nil, fmt.Errorf("%w: it is shorter than the header of one, and something else", ErrFormat)
		}
		r.end = io.EOF
		return r, nil
	}
	s, err := parseHead(b)
	if err != nil {
		return nil, err
	}
	r.start(s, fileHead)
	return r, nil
}

// start reads from the record at offset at.
func (r *Reader) start(s sums, at int64) {
	r.sums, r.at = s, at
	r.in = bufio.NewReaderSize(io.NewSectionReader(r.file, at, r.size-at), readAhead)
}

// Offset is where the next record begins. At the end it is the length of the file that is good: new records belong there. It
// is 0 when not even the header is there.
func (r *Reader) Offset() int64 { return r.at }

// Torn is, at the end, how many bytes behind Offset are not whole records.
func (r *Reader) Torn() int64 { return r.size - r.at }

// Next returns the payload of the next record, which is valid until the next call. It returns io.EOF behind the last whole
// record, [ErrDamaged] when the next was settled and is bad, or the error of the file.
func (r *Reader) Next() ([]byte, error) {
	if r.end != nil {
		return nil, r.end
	}
	b, err := r.record()
	if err != nil {
		r.end = err
		return nil, err
	}
	r.at += recordHead + int64(len(b))
	return b, nil
}

func (r *Reader) record() ([]byte, error) {
	rest := r.size - r.at
	if rest < recordHead {
		return nil, io.EOF
	}
	b, err := r.in.Peek(recordHead)
	if err != nil {
		return nil, r.failed(err)
	}
	h, ok := r.sums.parseRecord(b, r.at)
	if !ok {
		return nil, r.search()
	}
	if int64(h.length) > rest-recordHead {
		return nil, io.EOF // all that is left belongs to this record
	}
	payload, err := r.payload(h.length)
	if err != nil {
		return nil, r.failed(err)
	}
	if !h.whole(payload) {
		return nil, r.search()
	}
	return payload, nil
}

// payload reads the record whose header has been looked at, and which the file is long enough for.
func (r *Reader) payload(n int) ([]byte, error) {
	if recordHead+n <= readAhead {
		b, err := r.in.Peek(recordHead + n)
		if err != nil {
			return nil, err
		}
		_, err = r.in.Discard(len(b)) // what Peek returned stays until the next read
		return b[recordHead:], err
	}
	if _, err := r.in.Discard(recordHead); err != nil {
		return nil, err
	}
	b := r.room(n)
	_, err := io.ReadFull(r.in, b)
	return b, err
}

func (r *Reader) room(n int) []byte {
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	return r.buf[:n]
}

// failed is the error of a read. That the file has become shorter is one.
func (r *Reader) failed(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading the record at offset %d: %w", r.at, err)
}

// readAt is ReadAt that fails unless it fills b.
func readAt(f io.ReaderAt, b []byte, at int64) (int, error) {
	n, err := f.ReadAt(b, at)
	if n == len(b) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, fmt.Errorf("reading at offset %d: %w", at, err)
}
