package mux

import "fmt"

// A rule is what a type allows, in the form that takes the fewest comparisons: a number x is within a range when x-low, which
// wraps, is at most span.
type rule struct {
	forbidden                       Flags // Checked among them: a frame has it exactly when its format says so, which is compared by exclusive or
	shortest, lengths, low, streams uint32
}

func allow(allowed Flags, shortest, longest uint32, low, high uint32) rule {
	return rule{^allowed & 15, shortest, longest - shortest, low, high - low}
}

const top = 1<<32 - 1

// rules has all 16 types that a header can tell. Those without a name forbid every length: none is above the longest.
var rules = func() (r [16]rule) {
	r[Data] = allow(Fin|Packed|Compressed, 0, MostPayload, 1, top)
	r[Open] = allow(Fin, 0, MostPayload, 1, top)
	r[Credit] = allow(0, 8, 8, 0, top)
	r[Reset] = allow(0, 4, 4+MostText, 1, top)
	r[Stop] = allow(0, 4, 4+MostText, 1, top)
	r[Priority] = allow(0, 4, 4, 1, top)
	r[Ping] = allow(0, 8, 8, 0, 0)
	r[Pong] = allow(0, 8, 8, 0, 0)
	r[GoAway] = allow(0, 8, 8+MostText, 0, 0)
	r[Setting] = allow(0, 2, MostPayload, 0, 0)
	for t := types; t < len(r); t++ {
		r[t] = allow(0, MostPayload+1, MostPayload+1, 0, top)
	}
	return r
}()

// allows says whether a frame may have the header. A length that is too short for the checksum wraps, and is then above all.
func (f Format) allows(h Header) bool {
	r := &rules[h>>24&15]
	flags, n := h.Flags(), uint32(h&MostPayload)
	if f.Checked {
		flags ^= Checked
		n -= SumSize
	}
	return flags&r.forbidden == 0 && h.Stream()-r.low <= r.streams && n-r.shortest <= r.lengths && int64(n) <= int64(f.Max)
}

// fault says what is wrong with a header that is not allowed.
//
//go:noinline
func (f Format) fault(h Header) error {
	r, n := &rules[h.Type()], h.Len()
	flags := h.Flags() &^ Checked
	if f.Checked {
		n -= SumSize
	}
	switch {
	case h.Type() >= types:
		return &Error{Code: Protocol, Text: fmt.Sprintf("%v: no such type of frame", h)}
	case flags&r.forbidden != 0:
		return &Error{Code: Protocol, Text: fmt.Sprintf("%v: not the flags of its type", h)}
	case h.Has(Checked) && !f.Checked:
		return &Error{Code: Protocol, Text: fmt.Sprintf("%v: a checksum that was not agreed upon", h)}
	case f.Checked && (!h.Has(Checked) || n < 0):
		return &Error{Code: Corrupt, Text: fmt.Sprintf("%v: no checksum", h)}
	case h.Stream()-r.low > r.streams:
		return &Error{Code: Protocol, Text: fmt.Sprintf("%v: not a stream for its type", h)}
	case n > f.Max:
		return &Error{Code: TooLarge, Text: fmt.Sprintf("%v: the longest payload is %d bytes", h, f.Max)}
	}
	return &Error{Code: Protocol, Text: fmt.Sprintf("%v: not a length of its type", h)}
}

//go:noinline
func corrupt(h Header) error {
	return &Error{Code: Corrupt, Text: fmt.Sprintf("%v: the checksum does not fit", h)}
}
