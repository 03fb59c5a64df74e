package codec

import "github.com/leat-io/leat/stage"

const (
	// firstTail is the least memory, in bytes, that undecoded bytes are given: most headers and short lines fit.
	firstTail = 64
	// shortTail is the most bytes that join copies into a slab, the 16 KiB that sources read at once among them; longer
	// ones get memory of their own, to which what follows can be appended in place.
	shortTail = stage.SlabSize / 2
)

// join puts what was left of the reads before in front of b. It returns nil while that is less than the decoder asked for.
//
// A message that drips in costs O(n) in all: its bytes are appended to memory that grows by a factor, and not to the size
// that a peer merely claims. They are copied into a slab when the decoder said that they would suffice then, or when that
// costs no more than twice what came in.
func (d *decode[T]) join(r *stage.Reading, b []byte) ([]byte, *stage.Slab) {
	n, need := len(r.Tail)+len(b), int(r.Need)
	if n < need || need == 0 && len(b) < len(r.Tail) || n > shortTail {
		r.Tail = append(r.Tail, b...)
		if n < need {
			return nil, nil
		}
		r.Need = 0
		return r.Tail, nil
	}
	r.Need = 0
	slab, joined := d.lane.Bytes(n)
	copy(joined[copy(joined, r.Tail):], b)
	return joined, slab
}
