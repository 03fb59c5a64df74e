package codectest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
)

func FuzzBlob(f *testing.F) {
	c := good()
	codectest.Fuzz(f, description(c, c))
}

// The fuzzer is left out: what it would find is given.
func TestTheFuzzTargetFindsFaults(t *testing.T) {
	const one = "\x00\x00\x00\x01x"
	inputs := []struct{ fault, wire, sizes string }{
		{"takes more than there is", one, "\x01"},
		{"gives a truncated message", one, "\x04"},
		{"gives an error that depends on the split", one + "\xff\xff\xff\xff\x00", "\x01"},
		{"asks for what it has", one, "\x03"},
		{"asks for more than it needs", "\x00\x00\x00\x00", "\x01"},
		{"asks for more than the limit", one, "\x01"},
		{"copies the payload", one, ""},
		{"does not clip the capacity", one + one, ""},
		{"keeps bytes between calls", one + one, "\x01"},
		{"panics on a length that nobody sends", "\x00\x00\x00\x7f\x00", ""},
		{"encodes in the wrong order", one, ""},
		{"refuses its own samples", one, ""},
	}
	for _, in := range inputs {
		found := false
		for _, b := range broken {
			if b.name == in.fault {
				r := record(t, func(t testing.TB) { codectest.TryFuzz(t, b.codec, []byte(in.wire), []byte(in.sizes)) })
				found = len(r.failures) > 0
			}
		}
		if !found {
			t.Errorf("the fuzz target does not find a codec that %s", in.fault)
		}
	}
}

func TestTheFuzzTargetAcceptsAGoodCodec(t *testing.T) {
	c, r := good(), rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		wire, sizes := make([]byte, r.IntN(64)), make([]byte, r.IntN(8))
		for i := range wire {
			wire[i] = byte(r.IntN(1 << (1 + r.IntN(8))))
		}
		for i := range sizes {
			sizes[i] = byte(r.IntN(16))
		}
		codectest.TryFuzz(t, description(c, c), wire, sizes)
	}
}
