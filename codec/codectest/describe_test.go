package codectest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/stage"
)

// words reach their bytes through a slice and through fields that are not exported.
type words struct {
	stage.Head
	list  [][]byte
	count struct{ text []byte }
	Name  string
}

// wordsDecoder reads words between commas up to a newline. Its slices of slices come from a pool of its own.
type wordsDecoder struct{ widen bool }

func (d wordsDecoder) Decode(b []byte, v *words) (int, error) {
	i := bytes.IndexByte(b[:min(len(b), 64)], '\n')
	switch {
	case i < 0 && len(b) >= 64:
		return 0, errTooLong
	case i < 0:
		return 0, nil
	}
	v.list = bytes.Split(b[:i:i], []byte(","))
	for k, w := range v.list {
		v.list[k] = w[:len(w):len(w)]
	}
	v.count.text = b[i : i+1 : i+1]
	if last := len(v.list) - 1; d.widen {
		v.list[last] = b[i-len(v.list[last]) : i : i+1]
	}
	return i + 1, nil
}

func TestReflectionReachesEveryByte(t *testing.T) {
	c := codectest.Codec[words]{Decoder: wordsDecoder{}, Limit: 64, Vectors: []codectest.Vector[words]{
		{Wire: []byte("a,,bc\n"), Want: []words{{
			list: [][]byte{[]byte("a"), nil, []byte("bc")}, count: struct{ text []byte }{[]byte("\n")},
		}}},
	}}
	for _, name := range []string{vectors, splits, aliases} {
		codectest.Check(t, name, c)
	}

	c.Vectors[0].Want[0].list[2] = []byte("bd")
	r := record(t, func(t testing.TB) { codectest.Check(t, vectors, c) })
	if want := `{list: {[0]: "a", [1]: "", [2]: "bc"}, count: {text: "\n"}, Name: ""}`; len(r.failures) != 1 ||
		!strings.Contains(r.failures[0], want) {
		t.Errorf("got %q, want one failure that prints %s", r.failures, want)
	}

	c.Decoder = wordsDecoder{widen: true}
	r = record(t, func(t testing.TB) { codectest.Check(t, aliases, c) })
	if want := ".list[2] has 2 bytes but a capacity of 3"; len(r.failures) != 1 || !strings.Contains(r.failures[0], want) {
		t.Errorf("got %q, want %q", r.failures, want)
	}
}

// asTheyCome is a codec whose messages are what one read returned.
var asTheyCome = codectest.Codec[blob]{
	Decoder: codec{decode: func(b []byte, v *blob) (int, error) {
		v.Data = b[:len(b):len(b)]
		return len(b), nil
	}},
	Encoder: codec{append: func(b []byte, v *blob) ([]byte, error) { return append(b, v.Data...), nil }},
	Samples: []blob{{Data: []byte("hello")}, {Data: []byte("world")}},
}

func TestPiecesAreComparedJoined(t *testing.T) {
	r := record(t, func(t testing.TB) { codectest.Check(t, splits, asTheyCome) })
	if len(r.failures) == 0 {
		t.Error("messages that follow the reads pass without Join")
	}
	c := asTheyCome
	c.Join = func(a, b *blob) bool {
		a.Data = append(a.Data, b.Data...)
		return true
	}
	codectest.Run(t, c)
}

func TestEqualCloneAndPrintReplaceReflection(t *testing.T) {
	c := good()
	d := description(c, c)
	d.Clone = func(v *blob) blob { return blob{Data: bytes.ToUpper(v.Data)} }
	d.Equal = func(a, b *blob) bool { return len(a.Data) != 70 && bytes.Equal(a.Data, b.Data) }
	d.Print = func(v *blob) string { return "a blob like " + string(v.Data[:3]) }
	d.Samples = []blob{{Data: []byte("hello")}}
	codectest.Check(t, inverse, d)
	d.Samples = []blob{{Data: bytes.Repeat([]byte("x"), 70)}}
	r := record(t, func(t testing.TB) { codectest.Check(t, inverse, d) })
	if want := "message 0 is a blob like XXX"; len(r.failures) == 0 || !strings.Contains(r.failures[0], want) {
		t.Errorf("got %q, want %q", r.failures, want)
	}
}
