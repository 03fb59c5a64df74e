package plainmux_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/plainmux"
)

// Whatever a client sends, the connection ends when its transport does, and nothing panics.
func FuzzServer(f *testing.F) {
	for _, c := range bad {
		if b, err := hex.DecodeString(strings.ReplaceAll(c.bytes, " ", "")); err == nil && len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, z := net.Pipe()
		raw, server := attack(t, a, z, plainmux.Config{})
		go func() {
			for {
				if _, err := raw.Next(); err != nil {
					return
				}
			}
		}()
		raw.WriteBytes(b)
		raw.Close()
		<-server.Done()
	})
}

func FuzzUvarint(f *testing.F) {
	for _, b := range []string{"\x00", "\x80\x00", "\xff\xff\xff\xff\x0f", "\xff\xff\xff\xff\x10", "\x80"} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, n := plainmux.Uvarint(b); n > 0 && !bytes.Equal(binary.AppendUvarint(nil, uint64(v)), b[:n]) {
			t.Errorf("%x is not the shortest form of %d", b[:n], v)
		}
	})
}
