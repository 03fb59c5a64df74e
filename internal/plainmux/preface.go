package plainmux

import (
	"encoding/binary"
	"errors"
)

const (
	prefaceSize = 16
	magic       = "leatmux\n"
	version     = 1
)

func appendPreface(b []byte, features uint32) []byte {
	b = append(b, magic...)
	b = append(b, version, version, 0, 0)
	return binary.LittleEndian.AppendUint32(b, features)
}

// parsePreface returns the features that the other side offers.
func parsePreface(b []byte) (uint32, error) {
	lowest, highest := b[8], b[9]
	switch {
	case string(b[:8]) != magic || b[10] != 0 || b[11] != 0 || lowest == 0 || highest < lowest:
		return 0, errors.New("plainmux: the other side does not begin with a preface of the mux protocol")
	case lowest > version:
		return 0, errors.New("plainmux: the other side speaks only later versions of the mux protocol")
	}
	return binary.LittleEndian.Uint32(b[12:]), nil
}
