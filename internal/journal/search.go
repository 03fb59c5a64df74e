package journal

import (
	"fmt"
	"io"
)

// search says what the record at r.at, which is bad, means: io.EOF for the beginning of a torn tail, or [ErrDamaged] when a
// whole record behind it says that this one had been settled.
//
// Every offset may be the place of a record, because the length of the bad one cannot be trusted. Of random bytes one place
// in 2^32 passes for a header, so that hardly any payload is read in vain.
func (r *Reader) search() error {
	window := make([]byte, readAhead)
	for at := r.at + 1; r.size-at > recordHead; {
		b := window[:min(int64(len(window)), r.size-at)]
		if _, err := readAt(r.file, b, at); err != nil {
			return err
		}
		next, settled, err := r.searchIn(b, at)
		if err != nil {
			return err
		}
		if settled {
			return fmt.Errorf("%w, at offset %d; whole records follow at offset %d", ErrDamaged, r.at, next)
		}
		at = next
	}
	return io.EOF
}

// searchIn looks through b, which lies at offset at, up to the first whole record. It returns that record's offset when it
// settles the matter, or else the offset at which to go on.
func (r *Reader) searchIn(b []byte, at int64) (next int64, settled bool, err error) {
	i := 0
	for ; i+recordHead <= len(b); i++ {
		here := at + int64(i)
		h, ok := r.sums.parseRecord(b[i:], here)
		if !ok || int64(h.length) > r.size-here-recordHead {
			continue
		}
		p := r.room(h.length)
		if _, err := readAt(r.file, p, here+recordHead); err != nil {
			return 0, false, err
		}
		if !h.whole(p) {
			continue
		}
		if h.settled > r.at {
			return here, true, nil
		}
		return here + recordHead + int64(h.length), false, nil
	}
	return at + int64(i), false, nil
}
