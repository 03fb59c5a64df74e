// Package codectest is the conformance suite of codecs. [Run] checks one against the contract of [stage.Decoder] and
// [stage.Encoder]; [Fuzz] is the body of a fuzz target for it; [Feed] plays a connection to a decoder.
//
//	var text = codectest.Codec[line.Line]{
//		Decoder: line.Text(1 << 10),
//		Encoder: line.Text(1 << 10),
//		Limit:   1<<10 + 2,
//		Samples: []line.Line{{}, {Text: []byte("hello")}},
//		Vectors: []codectest.Vector[line.Line]{
//			{Wire: []byte("a\r\nb"), Want: []line.Line{{Text: []byte("a")}}},
//			{Wire: bytes.Repeat([]byte("x"), 2000), Err: line.ErrTooLong},
//		},
//	}
//
//	func TestTextIsACodec(t *testing.T) { codectest.Run(t, text) }
//	func FuzzText(f *testing.F)         { codectest.Fuzz(f, text) }
//
// What it checks: encoding and decoding invert; any split of the input gives the same messages and the same error; a
// decoder looks at no bytes but its own and changes none that it does not take; what it asks for is true and within the
// limit; slices of a message lie in the bytes of that message; connections do not disturb each other; no input panics,
// stalls a connection or allocates past the limit; a message that drips in costs time in proportion to its length; and
// decoding allocates nothing.
package codectest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/leat-io/leat/stage"
)

// A Codec describes a codec to the suite: what it is, what it should do with what, and how messages are handled.
type Codec[T any] struct {
	// Decoder is the codec under test. A [stage.PerConn] is asked for an instance per connection, as codec.Decode does.
	Decoder stage.Decoder[T]
	// Encoder is its inverse, or nil when there is only a decoder.
	Encoder stage.Encoder[T]

	// Limit is the most bytes that one message takes on the wire, with all that surrounds its payload. The decoder must
	// not ask for more. Give the suite a codec with a low limit, up to some MiB: it is reached in the tests. 0 stands for
	// a decoder that takes whatever there is, and never asks for more.
	Limit int

	// Samples are messages that the encoder accepts and that come back the same.
	Samples []T
	// Vectors are bytes of which it is known what they mean, the malformed among them.
	Vectors []Vector[T]
	// Long returns the wire form of one message that takes about n bytes, finished or not: n is 1 MiB, or the limit if that
	// is lower, which makes the check less sharp. Without it the cost of a message that drips in is not checked.
	Long func(n int) []byte

	// Join is for decoders whose messages may be pieces that depend on how the bytes arrived, such as parts of a body. It
	// appends b to a and returns true when both are pieces of one message; then messages are compared joined. Both are
	// clones. Nil means that every message stands for itself.
	Join func(a, b *T) bool

	// Equal, Clone and Print handle messages. Without them reflection does: it follows structs, arrays, slices and
	// strings, also unexported ones, takes an empty slice for a nil one and leaves the Head out. A T that reaches its
	// bytes in other ways needs its own. Clone must not share memory with what it is given.
	Equal func(a, b *T) bool
	Clone func(*T) T
	Print func(*T) string
}

// A Vector says that Wire decodes to Want and then, unless Err is nil, to an error for which errors.Is holds. Bytes behind
// the last message, or behind the error, are legal.
type Vector[T any] struct {
	Wire []byte
	Want []T
	Err  error
}

// ErrContract is what [Feed] and [Codec.Messages] return, wrapped, when the decoder broke its own contract. Any other error
// is the decoder's verdict on its input.
var ErrContract = errors.New("codectest: broken contract")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrContract, fmt.Sprintf(format, args...))
}

func broke(err error) bool { return errors.Is(err, ErrContract) }

func (c Codec[T]) withDefaults() *Codec[T] {
	if c.Clone == nil {
		c.Clone = cloneOf[T]
	}
	if c.Equal == nil {
		c.Equal = equal[T]
	}
	if c.Print == nil {
		c.Print = printed[T]
	}
	return &c
}

// streams returns every input that the description knows: each sample, all samples in a row, and each vector.
func (c *Codec[T]) streams(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	var row []byte
	for i := range c.Samples {
		wire := c.encode(t, &c.Samples[i])
		all, row = append(all, wire), append(row, wire...)
	}
	if len(all) > 1 {
		all = append(all, row)
	}
	for _, v := range c.Vectors {
		all = append(all, v.Wire)
	}
	if len(all) == 0 {
		t.Fatalf("the description has neither samples nor vectors: nothing would be checked")
	}
	return all
}

func (c *Codec[T]) encode(t testing.TB, v *T) []byte {
	t.Helper()
	if c.Encoder == nil {
		t.Fatalf("the description has samples but no encoder")
	}
	wire, err := c.Encoder.Append(nil, v)
	if err != nil {
		t.Fatalf("the encoder refuses %s: %v", c.Print(v), err)
	}
	return wire
}
