package line_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
)

// lines is a list of messages with these texts.
func lines(texts ...string) []line.Line {
	all := make([]line.Line, len(texts))
	for i, s := range texts {
		all[i].Text = []byte(s)
	}
	return all
}

type vector = codectest.Vector[line.Line]

func text(max int) codectest.Codec[line.Line] {
	full := strings.Repeat("x", max)
	c := line.Text(max)
	return codectest.Codec[line.Line]{
		Decoder: c, Encoder: c, Limit: max + len("\r\n"),
		Samples: lines("", "x", "hello", "lone \r inside", "\r", "ends with \r", "\x00\xff", full, full[1:]+"\r"),
		Vectors: []vector{
			{Wire: []byte("one\ntwo\r\n\n\r\nthr"), Want: lines("one", "two", "", "")},
			{Wire: []byte("a\r\r\n\r\r"), Want: lines("a\r")},
			{Wire: []byte("\rb\n\n\r\n"), Want: lines("\rb", "", "")},
			{Wire: []byte("carriage\rreturn\r")},
			{Wire: []byte(full + "\n" + full + "\r\n" + full), Want: lines(full, full)},
			{Wire: []byte(full + "\r")},
			{Wire: []byte(full + "\rx"), Err: line.ErrTooLong},
			{Wire: []byte(full + "\r\r\n"), Err: line.ErrTooLong},
			{Wire: []byte(full + "x"), Err: line.ErrTooLong},
			{Wire: []byte(full + "x\n"), Err: line.ErrTooLong},
			{Wire: []byte("a\n" + full + "x\r\nb\n"), Want: lines("a"), Err: line.ErrTooLong},
			{Wire: []byte("a\n" + full + full + full), Want: lines("a"), Err: line.ErrTooLong},
		},
	}
}

// plain hides everything of a decoder but Decode.
type plain struct{ d stage.Decoder[line.Line] }

func (p plain) Decode(b []byte, v *line.Line) (int, error) { return p.d.Decode(b, v) }

func TestTextKeepsTheContract(t *testing.T) {
	t.Run("with a short limit", func(t *testing.T) { codectest.Run(t, text(40)) })
	t.Run("with the shortest limit", func(t *testing.T) {
		c := text(1)
		c.Samples, c.Vectors = lines("", "x", "\r"), c.Vectors[4:]
		c.Vectors[6].Want, c.Vectors[7].Want = lines("a"), lines("a")
		codectest.Run(t, c)
	})
	t.Run("byte by byte up to 1 MiB", func(t *testing.T) {
		c := line.Text(1 << 20)
		codectest.Run(t, codectest.Codec[line.Line]{
			Decoder: c, Encoder: c, Limit: 1<<20 + 2, Samples: lines("x"),
			Long: func(n int) []byte { return append(bytes.Repeat([]byte("x"), n), '\n') },
		})
	})
	t.Run("without a decoder per connection", func(t *testing.T) {
		c := text(40)
		c.Decoder = plain{c.Decoder}
		codectest.Run(t, c)
	})
}

func FuzzText(f *testing.F) { codectest.Fuzz(f, text(40)) }

func FuzzTextPlain(f *testing.F) {
	c := text(40)
	c.Decoder = plain{c.Decoder}
	codectest.Fuzz(f, c)
}
