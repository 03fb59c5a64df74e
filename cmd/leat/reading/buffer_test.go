package reading

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// steps gives what it has in reads of these sizes at most.
type steps struct {
	b     []byte
	sizes []int
	asked []int
}

func (s *steps) Read(b []byte) (int, error) {
	s.asked = append(s.asked, len(b))
	if len(s.sizes) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), s.sizes[0])], s.b)
	s.b, s.sizes = s.b[n:], s.sizes[1:]
	return n, nil
}

func TestABufferGrowsWithWhatComesAndShrinks(t *testing.T) {
	var b Buffer
	defer b.Free()
	s := &steps{b: make([]byte, 3*large), sizes: []int{10, small, large, 10, 10}}
	for {
		if _, err := b.Read(s); err != nil {
			break
		}
	}
	want := []int{small, small, large, large, small, small}
	if len(s.asked) != len(want) {
		t.Fatalf("asked for %v", s.asked)
	}
	for i := range want {
		if s.asked[i] != want[i] {
			t.Errorf("asked for %v, not %v", s.asked, want)
			break
		}
	}
}

func TestNothingIsLostInABuffer(t *testing.T) {
	all := make([]byte, 1<<20)
	for i := range all {
		all[i] = byte(i * 7 >> 3)
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(all), "halves": iotest.HalfReader(bytes.NewReader(all)), "end with the last": iotest.DataErrReader(bytes.NewReader(all)),
	} {
		var b Buffer
		var got []byte
		var err error
		for err == nil {
			var p []byte
			p, err = b.Read(r)
			got = append(got, p...)
		}
		b.Free()
		b.Free()
		if err != io.EOF || !bytes.Equal(got, all) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(all), err)
		}
	}
}
