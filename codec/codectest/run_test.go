package codectest_test

import (
	"slices"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
)

const (
	inverse     = "encoding and decoding invert"
	vectors     = "known bytes mean what they should"
	splits      = "any split gives the same messages"
	prefixes    = "what is asked for is true and no other bytes are touched"
	aliases     = "slices lie in the bytes of their message"
	connections = "connections do not disturb each other"
	hostile     = "no input panics or depends on its split"
	endless     = "no input stalls a connection"
	memory      = "no input allocates past the limit"
	drip        = "what drips in costs time in proportion to its length"
	allocations = "decoding allocates nothing"
)

type decodeFunc = func(b []byte, v *blob) (int, error)

func TestAGoodCodecPassesEveryCheck(t *testing.T) {
	c := good()
	t.Run("with a length", func(t *testing.T) { codectest.Run(t, description(c, c)) })
	t.Run("with a delimiter", func(t *testing.T) {
		codectest.Run(t, lineDescription(perConn{codec{decode: decodeLine}, func() decodeFunc { return remembering() }}))
	})
	t.Run("without an encoder", func(t *testing.T) {
		d := description(codec{decode: decodeBlob, refuse: refuseBlob}, nil)
		d.Samples = nil
		codectest.Run(t, d)
	})
}

func TestEveryFaultIsFoundByItsChecks(t *testing.T) {
	for _, b := range broken {
		for _, name := range b.checks {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				if codectest.Race && name == drip {
					t.Skip("under the race detector a quadratic decoder takes half a minute")
				}
				r := record(t, func(t testing.TB) { codectest.Check(t, name, b.codec) })
				switch {
				case r.skipped:
					t.Skip("the check does not run here")
				case len(r.failures) == 0:
					t.Error("not found")
				default:
					t.Log(r.failures[0])
				}
			})
		}
	}
}

func TestEveryCheckCanFail(t *testing.T) {
	for _, name := range codectest.Checks() {
		if !slices.ContainsFunc(broken, func(f faulty) bool { return slices.Contains(f.checks, name) }) {
			t.Errorf("no broken codec shows that the check %q can fail", name)
		}
	}
}

func TestAnEmptyDescriptionIsRefused(t *testing.T) {
	r := record(t, func(t testing.TB) {
		codectest.Check(t, splits, codectest.Codec[blob]{Decoder: good()})
	})
	if len(r.failures) == 0 {
		t.Error("a description without samples and vectors passes")
	}
}
