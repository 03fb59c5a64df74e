package mux

import (
	"fmt"
	"iter"
)

// Metadata is pairs of a name and a value in their wire form: those of OPEN and SETTINGS. What [ParseMetadata] returns, and
// what [AppendPair] makes with names that are not empty, is well formed.
type Metadata []byte

// MostPairs is the most pairs of one [Metadata].
const MostPairs = 64

// AppendPair appends a pair to m. The name is not empty.
func AppendPair(m Metadata, name string, value []byte) Metadata {
	m = append(appendUvarint(m, len(name)), name...)
	return append(appendUvarint(m, len(value)), value...)
}

// ParseMetadata checks metadata of at most max bytes. It returns b itself.
func ParseMetadata(b []byte, max int) (Metadata, error) {
	if len(b) > max {
		return nil, &Error{Code: Limit, Text: fmt.Sprintf("%d bytes of metadata, the limit is %d", len(b), max)}
	}
	pairs := 0
	for rest := b; len(rest) > 0; pairs++ {
		var name []byte
		var err error
		if name, rest, err = NextMessage(rest); err != nil {
			return nil, err
		}
		if len(name) == 0 {
			return nil, &Error{Code: Malformed, Text: "an empty name in metadata"}
		}
		if _, rest, err = NextMessage(rest); err != nil {
			return nil, err
		}
	}
	if pairs > MostPairs {
		return nil, &Error{Code: Limit, Text: fmt.Sprintf("%d pairs of metadata, the limit is %d", pairs, MostPairs)}
	}
	return b[:len(b):len(b)], nil
}

// All ranges over the pairs in their order. What it yields aliases m.
func (m Metadata) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for rest := []byte(m); len(rest) > 0; {
			var name, value []byte
			var err error
			if name, rest, err = NextMessage(rest); err != nil {
				return
			}
			if value, rest, err = NextMessage(rest); err != nil || !yield(name, value) {
				return
			}
		}
	}
}

// Get returns the value of the first pair of that name. It aliases m.
func (m Metadata) Get(name string) ([]byte, bool) {
	for n, v := range m.All() {
		if string(n) == name {
			return v, true
		}
	}
	return nil, false
}
