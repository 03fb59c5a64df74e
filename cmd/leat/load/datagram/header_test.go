package datagram

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsPutIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := header{
			run: rapid.Uint32().Draw(t, "run"), host: rapid.Uint32().Draw(t, "host"), seq: rapid.Uint64Max(maxSeq).Draw(t, "seq"),
			due: rapid.Int64().Draw(t, "due"), sent: rapid.Int64().Draw(t, "sent"), flow: rapid.Uint16().Draw(t, "flow"),
			kind: kind(rapid.IntRange(0, int(ending)).Draw(t, "kind")), sender: uint8(rapid.IntRange(0, len(Senders)-1).Draw(t, "sender")),
		}
		b := make([]byte, rapid.IntRange(HeaderSize, 200).Draw(t, "size"))
		want.put(b)
		var got header
		if v := got.read(b); v != whole || got != want {
			t.Fatalf("verdict %d: %+v, want %+v", v, got, want)
		}
	})
}

func TestEveryChangedBitIsNoticed(t *testing.T) {
	h := header{run: 7, seq: 12, due: 1, sent: 2, flow: 3}
	for _, size := range []int{HeaderSize, HeaderSize + 1, 64, 77} {
		b := make([]byte, size)
		h.put(b)
		for bit := range 8 * size {
			b[bit/8] ^= 1 << (bit % 8)
			var got header
			if v := got.read(b); v == whole {
				t.Fatalf("%d bytes: bit %d was changed and not noticed", size, bit)
			}
			b[bit/8] ^= 1 << (bit % 8)
		}
		for cut := range size {
			var got header
			if v := got.read(b[:cut]); v == whole {
				t.Fatalf("%d bytes: it was cut to %d and not noticed", size, cut)
			}
		}
		var got header
		if v := got.read(append(bytes.Clone(b), 0)); v == whole {
			t.Fatalf("%d bytes: one was added and not noticed", size)
		}
	}
}

func FuzzRead(f *testing.F) {
	b := make([]byte, 64)
	h := header{run: 1, seq: 2, flow: 3}
	h.put(b)
	f.Add(b)
	f.Add(b[:HeaderSize])
	f.Add([]byte("lea1"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var h header
		if h.read(b) != whole {
			return
		}
		again := make([]byte, len(b))
		h.put(again)
		if !bytes.Equal(b, again) {
			t.Fatalf("%x was read and is written as %x", b, again)
		}
	})
}

func BenchmarkHeader(b *testing.B) {
	buf := make([]byte, 64)
	h := header{run: 7, due: 1, sent: 2, flow: 3}
	b.Run("put", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.seq++
			h.put(buf)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		var got header
		for b.Loop() {
			if got.read(buf) != whole {
				b.Fatal("it is not whole")
			}
		}
	})
}

// model is what a tracker does, with all numbers in memory.
type model struct {
	seen                                   map[uint64]bool
	next, moved                            uint64
	received, duplicates, reordered, stale uint64
}

func (m *model) see(seq uint64) bool {
	switch {
	case seq < m.next && m.next-1-seq >= Window:
		m.stale++
		return false
	case m.seen[seq]:
		m.duplicates++
		return false
	}
	m.seen[seq] = true
	m.received++
	if seq < m.next {
		m.reordered++
		m.moved = max(m.moved, m.next-1-seq)
	}
	m.next = max(m.next, seq+1)
	return true
}

func TestSequenceNumbersAreCountedAsAModelCountsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, m := new(tracker), &model{seen: map[uint64]bool{}}
		step := rapid.SampledFrom([]int{3, 100, Window - 1, Window, Window + 1, 3 * Window}).Draw(t, "step")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		at := int64(0)
		for range 300 {
			at = max(0, at+rng.Int64N(2*int64(step))-int64(step)*2/3)
			if rng.IntN(5) == 0 {
				at++
			}
			if got, want := tr.see(uint64(at)), m.see(uint64(at)); got != want {
				t.Fatalf("number %d: %v, want %v", at, got, want)
			}
		}
		got := [...]uint64{tr.next, tr.moved, tr.received, tr.duplicates, tr.reordered, tr.stale}
		if want := [...]uint64{m.next, m.moved, m.received, m.duplicates, m.reordered, m.stale}; got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestNumbersInOrderAreNeitherReorderedNorRepeated(t *testing.T) {
	var tr tracker
	for i := range uint64(3 * Window) {
		if !tr.see(i) {
			t.Fatalf("%d is said to be a duplicate", i)
		}
	}
	if tr.received != 3*Window || tr.duplicates+tr.reordered+tr.stale != 0 {
		t.Errorf("%+v", tr.received)
	}
}
