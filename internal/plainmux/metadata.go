package plainmux

import "errors"

// maxPairs is how many pairs of metadata a frame may have.
const maxPairs = 64

// A Pair is one of metadata. Names are not empty and may occur twice; their order is kept.
type Pair struct{ Name, Value string }

func appendMetadata(b []byte, pairs []Pair) []byte {
	for _, p := range pairs {
		b = append(appendUvarint(b, len(p.Name)), p.Name...)
		b = append(appendUvarint(b, len(p.Value)), p.Value...)
	}
	return b
}

func parseMetadata(b []byte, longest uint32) ([]Pair, error) {
	if len(b) > int(longest) {
		return nil, fault(Limit, "metadata of %d bytes is longer than %d", len(b), longest)
	}
	var pairs []Pair
	for len(b) > 0 {
		if len(pairs) == maxPairs {
			return nil, fault(Limit, "metadata has more than %d pairs", maxPairs)
		}
		var p Pair
		for _, text := range []*string{&p.Name, &p.Value} {
			size, n := uvarint(b)
			if n <= 0 || uint64(size) > uint64(len(b)-n) {
				return nil, fault(Malformed, "pair %d of metadata cannot be read", len(pairs)+1)
			}
			*text = string(b[n : n+int(size)])
			b = b[n+int(size):]
		}
		if p.Name == "" {
			return nil, fault(Malformed, "pair %d of metadata has no name", len(pairs)+1)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// checkMetadata says what is wrong with metadata that is to be sent to a side that takes so many bytes.
func checkMetadata(pairs []Pair, longest uint32) error {
	if _, err := parseMetadata(appendMetadata(nil, pairs), longest); err != nil {
		return errors.Join(errors.New("plainmux: metadata that the other side would not take"), err)
	}
	return nil
}
