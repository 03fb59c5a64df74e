package compress_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

const both = mux.S2 | mux.Zstandard

// words is text that compresses to about a third.
func words(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "user-%d:%d ", r.IntN(1000), r.IntN(50))
	}
	return []byte(b.String()[:n])
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func each(t *testing.T, f func(*testing.T, *compress.Compressor)) {
	for _, a := range []compress.Algorithm{compress.S2, compress.Zstd} {
		t.Run(fmt.Sprint(a), func(t *testing.T) {
			c, err := compress.New(a, 0)
			if err != nil {
				t.Fatal(err)
			}
			f(t, c)
		})
	}
}

func TestWhatWasCompressedComesOut(t *testing.T) {
	each(t, func(t *testing.T, c *compress.Compressor) {
		for _, n := range []int{4096, 5000, 1 << 16, 1 << 20} {
			in := words(n)
			packed, ok := c.Append([]byte("before"), in)
			if !ok || len(packed) > n*7/8 {
				t.Fatalf("%d bytes became %d, %v", n, len(packed), ok)
			}
			out, err := compress.NewReader(n, both).Append([]byte("front"), packed[6:])
			if err != nil || !bytes.Equal(out, append([]byte("front"), in...)) {
				t.Fatalf("%d bytes came out as %d: %v", n, len(out), err)
			}
			if _, err := compress.NewReader(n-1, both).Append(nil, packed[6:]); !errors.Is(err, &mux.Error{Code: mux.Malformed}) {
				t.Fatalf("over the limit: %v", err)
			}
		}
		if s := c.Stats(); s.Tried != 4 || s.Kept != 4 || s.In != 4096+5000+1<<16+1<<20 || s.Out >= s.In {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhatDoesNotShrinkIsTriedEverLess(t *testing.T) {
	each(t, func(t *testing.T, c *compress.Compressor) {
		in := noise(8 << 10)
		for range 1000 {
			if b, ok := c.Append([]byte("x"), in); ok || string(b) != "x" {
				t.Fatal("noise was compressed")
			}
		}
		// Gaps of 1, 2, 4 up to 64 take 133 payloads with 7 attempts, and each 65 behind them one more.
		if s := c.Stats(); s.Kept != 0 || s.Tried < 18 || s.Tried > 22 {
			t.Errorf("%+v", s)
		}
	})
}

func TestShortPayloadsAndWhatUnfoldsTooFarStayAsTheyAre(t *testing.T) {
	each(t, func(t *testing.T, c *compress.Compressor) {
		if _, ok := c.Append(nil, words(511)); ok || c.Stats().Tried != 0 {
			t.Error("a short payload was compressed")
		}
		if _, ok := c.Append(nil, make([]byte, 1<<20)); ok {
			t.Error("a receiver would refuse this")
		}
	})
	if _, err := compress.New(3, 0); err == nil {
		t.Error("there is no algorithm 3")
	}
}

func TestMalformedPayloadsAreRefused(t *testing.T) {
	for _, p := range []string{
		"", "\x01", "\x01\x05", "\x03\x05hello", "\x00\x05hello", "\x01\x80\x00", "\x01\xff\xff\xff\xff\x7f", "\x01\xff\xff\xff\xff\xff\x01",
		"\x01\x05\x06\x14hello!", "\x01\x05\x05\x10hell", "\x02\x05hello", "\x01\xe9\x07\x00", "\x02\x00",
	} {
		out, err := compress.NewReader(1<<20, both).Append([]byte("x"), []byte(p))
		if p == "\x02\x00" {
			continue // nothing, unfolded to nothing
		}
		if !errors.Is(err, &mux.Error{Code: mux.Malformed}) || string(out) != "x" {
			t.Errorf("%q: %q, %v", p, out, err)
		}
	}
	c, _ := compress.New(compress.S2, 0)
	b, _ := c.Append(nil, words(600))
	if _, err := compress.NewReader(1<<20, mux.Zstandard).Append(nil, b); err == nil {
		t.Error("an algorithm that was not agreed upon")
	}
}

func TestNothingIsAllocatedInSteadyState(t *testing.T) {
	each(t, func(t *testing.T, c *compress.Compressor) {
		in, b, out := words(16<<10), make([]byte, 0, 64<<10), make([]byte, 0, 64<<10)
		r := compress.NewReader(1<<20, both)
		stagetest.Allocs(t, 0, func() {
			packed, ok := c.Append(b, in)
			if _, err := r.Append(out, packed); err != nil || !ok {
				t.Fatal(ok, err)
			}
		})
	})
}

func FuzzReader(f *testing.F) {
	for _, a := range []compress.Algorithm{compress.S2, compress.Zstd} {
		c, err := compress.New(a, 1)
		if err != nil {
			f.Fatal(err)
		}
		b, _ := c.Append(nil, words(600))
		f.Add(b)
	}
	r := compress.NewReader(1<<16, both)
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := r.Append(nil, b)
		if err != nil && (len(out) > 0 || !errors.Is(err, &mux.Error{Code: mux.Malformed})) {
			t.Fatalf("%d bytes and %v", len(out), err)
		}
		if len(out) > 1<<16 || len(out) > 100*len(b)+1024 {
			t.Fatalf("%d bytes unfolded to %d", len(b), len(out))
		}
		dirty := append(bytes.Repeat([]byte{0xaa}, 1<<10)[:0:1<<10], "before"...)
		again, err2 := compress.NewReader(1<<16, both).Append(dirty, b)
		if rest, kept := bytes.CutPrefix(again, []byte("before")); err == nil && (err2 != nil || !kept || !bytes.Equal(rest, out)) {
			t.Fatalf("a new reader gives %d bytes and %v behind what was there, and %d bytes alone", len(again), err2, len(out))
		}
	})
}

func BenchmarkCompress(b *testing.B) {
	for _, a := range []compress.Algorithm{compress.S2, compress.Zstd} {
		for _, what := range []string{"words", "noise"} {
			in := words(16 << 10)
			if what == "noise" {
				in = noise(16 << 10)
			}
			b.Run(fmt.Sprint(a, "/", what), func(b *testing.B) {
				c, _ := compress.New(a, 0)
				buf := make([]byte, 0, 64<<10)
				b.SetBytes(int64(len(in)))
				b.ReportAllocs()
				for b.Loop() {
					c.Append(buf, in)
				}
			})
		}
	}
}

func BenchmarkDecompress(b *testing.B) {
	for _, a := range []compress.Algorithm{compress.S2, compress.Zstd} {
		b.Run(fmt.Sprint(a), func(b *testing.B) {
			c, _ := compress.New(a, 0)
			packed, _ := c.Append(nil, words(16<<10))
			r, buf := compress.NewReader(1<<20, both), make([]byte, 0, 64<<10)
			b.SetBytes(16 << 10)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Append(buf, packed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
