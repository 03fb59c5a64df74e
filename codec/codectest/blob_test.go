package codectest_test

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/stage"
)

// The codecs that the suite is tried on: a blob behind four bytes of length, and a blob that ends at a newline. Each broken
// one differs from the good one in what its name says.

type blob struct {
	stage.Head
	Data []byte
}

var errTooLong = errors.New("blob over the limit")

const blobLimit = 1 << 20

// A codec is made of functions, to be replaced one by one.
type codec struct {
	decode func(b []byte, v *blob) (int, error)
	append func(b []byte, v *blob) ([]byte, error)
	refuse func(b []byte, err error) []byte
}

func (c codec) Decode(b []byte, v *blob) (int, error)        { return c.decode(b, v) }
func (c codec) Append(b []byte, v *blob) ([]byte, error)     { return c.append(b, v) }
func (c codec) AppendRefusal(b []byte, refused error) []byte { return c.refuse(b, refused) }

// perConn is a codec with a decoder for each connection.
type perConn struct {
	codec
	make func() func(b []byte, v *blob) (int, error)
}

func (c perConn) NewDecoder() stage.Decoder[blob] {
	return codec{decode: c.make()}
}

func decodeBlob(b []byte, v *blob) (int, error) {
	if len(b) < 4 {
		return -4, nil
	}
	n := binary.BigEndian.Uint32(b)
	if n > blobLimit {
		return 0, errTooLong
	}
	end := 4 + int(n)
	if len(b) < end {
		return -end, nil
	}
	v.Data = b[4:end:end]
	return end, nil
}

func appendBlob(b []byte, v *blob) ([]byte, error) {
	if len(v.Data) > blobLimit {
		return b, errTooLong
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(v.Data))), v.Data...), nil
}

func refuseBlob(b []byte, err error) []byte { return append(b, err.Error()...) }

func good() codec { return codec{decodeBlob, appendBlob, refuseBlob} }

func description(d stage.Decoder[blob], e stage.Encoder[blob]) codectest.Codec[blob] {
	return codectest.Codec[blob]{
		Decoder: d,
		Encoder: e,
		Limit:   4 + blobLimit,
		Samples: []blob{{}, {Data: []byte("x")}, {Data: bytes.Repeat([]byte("0123456789"), 7)}},
		Vectors: []codectest.Vector[blob]{
			{Wire: []byte("\x00\x00\x00\x02hi\x00\x00\x00\x01"), Want: []blob{{Data: []byte("hi")}}},
			{Wire: []byte("\x00\x00\x00\x09abc")},
			{Wire: []byte("\x00\x00\x00\x01a\xff\xff\xff\xff"), Want: []blob{{Data: []byte("a")}}, Err: errTooLong},
		},
		Long: func(n int) []byte {
			wire, _ := appendBlob(nil, &blob{Data: make([]byte, n-4)})
			return wire
		},
	}
}

// decodeLine is a decoder of its own kind because a length prefix hides what a search costs.
func decodeLine(b []byte, v *blob) (int, error) {
	i := bytes.IndexByte(b[:min(len(b), blobLimit)], '\n')
	switch {
	case i >= 0:
		v.Data = b[:i:i]
		return i + 1, nil
	case len(b) >= blobLimit:
		return 0, errTooLong
	}
	return 0, nil
}

func appendLine(b []byte, v *blob) ([]byte, error) { return append(append(b, v.Data...), '\n'), nil }

func lineDescription(d stage.Decoder[blob]) codectest.Codec[blob] {
	return codectest.Codec[blob]{
		Decoder: d,
		Encoder: codec{append: appendLine},
		Limit:   blobLimit,
		Samples: []blob{{}, {Data: []byte("x")}},
		Long:    func(n int) []byte { return bytes.Repeat([]byte("x"), n-1) },
	}
}

// remembering searches each byte once.
func remembering() func(b []byte, v *blob) (int, error) {
	from := 0
	return func(b []byte, v *blob) (int, error) {
		i := bytes.IndexByte(b[from:min(len(b), blobLimit)], '\n')
		switch {
		case i >= 0:
			i += from
			v.Data, from = b[:i:i], 0
			return i + 1, nil
		case len(b) >= blobLimit:
			from = 0
			return 0, errTooLong
		}
		from = len(b)
		return 0, nil
	}
}
