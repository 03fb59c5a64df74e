package codectest

import "testing"

// Fuzz fuzzes c with any bytes in any pieces: the messages and the error are those of the bytes in one piece, nothing
// panics, slices lie where they should, and what was decoded, encoded again, decodes to the same. The second argument of
// the fuzz target is the sizes of the pieces, taken again from the first after the last.
//
// Samples and vectors are the seeds, beside those under testdata/fuzz.
func Fuzz[T any](f *testing.F, c Codec[T]) {
	d := c.withDefaults()
	for i, wire := range d.streams(f) {
		f.Add(wire, []byte{1})
		f.Add(wire, randomSizes(uint64(i)))
	}
	f.Fuzz(func(t *testing.T, wire, sizes []byte) { d.fuzz(t, wire, sizes) })
}

func (c *Codec[T]) fuzz(t testing.TB, wire, sizes []byte) {
	want, chunks := c.play([][]byte{wire}), cut(wire, sizes)
	if d := c.diverge(want, want); d != "" {
		t.Fatalf("in one piece: %s", d)
	}
	if d := c.diverge(c.play(chunks), want); d != "" {
		t.Fatalf("in pieces: %s", d)
	}
	if d := c.aliases(chunks); d != "" {
		t.Fatal(d)
	}
	if c.Encoder == nil {
		return
	}
	var again []byte
	for i := range want.msgs {
		var err error
		if again, err = c.Encoder.Append(again, &want.msgs[i]); err != nil {
			t.Fatalf("the encoder refuses what was decoded, %s: %v", c.Print(&want.msgs[i]), err)
		}
	}
	if d := c.diverge(c.play([][]byte{again}), outcome[T]{msgs: want.msgs}); d != "" {
		t.Fatalf("%s, encoded again: %s", quoted(again), d)
	}
}
