package frame_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/stage"
)

func TestAppendRefusesWhatDecodeWould(t *testing.T) {
	for _, c := range []struct {
		name     string
		codec    frame.Codec
		fits     int
		tooLong  int
		sentence string
	}{
		{"Length16", frame.Length16(10), 10, 11, "frame of 11 bytes is over the limit of 10"},
		{"Length16LE", frame.Length16LE(10), 10, 11, "frame of 11 bytes is over the limit of 10"},
		{"Length16 of more than its prefix can say", frame.Length16(1 << 20), 65535, 65536,
			"frame of 65536 bytes is over the limit of 65535"},
		{"Length16LE of more than its prefix can say", frame.Length16LE(1 << 20), 65535, 65536,
			"frame of 65536 bytes is over the limit of 65535"},
		{"Length32", frame.Length32(10), 10, 11, "frame of 11 bytes is over the limit of 10"},
		{"Length32LE", frame.Length32LE(10), 10, 1 << 17, "frame of 131072 bytes is over the limit of 10"},
		{"Uvarint", frame.Uvarint(10), 10, 11, "frame of 11 bytes is over the limit of 10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.codec.Append([]byte("before"), &frame.Frame{Payload: make([]byte, c.tooLong)})
			if !errors.Is(err, frame.ErrTooLong) || err.Error() != c.sentence || string(b) != "before" {
				t.Errorf("%d bytes: got %q, %v, want %q and nothing appended", c.tooLong, b, err, c.sentence)
			}
			b, err = c.codec.Append(nil, &frame.Frame{Payload: make([]byte, c.fits)})
			if err != nil {
				t.Fatalf("%d bytes: %v", c.fits, err)
			}
			var v frame.Frame
			if n, err := c.codec.Decode(b, &v); n != len(b) || err != nil || len(v.Payload) != c.fits {
				t.Errorf("%d bytes: Decode gives %d, %v and %d bytes", c.fits, n, err, len(v.Payload))
			}
		})
	}
}

func TestAFixedFrameHasExactlyItsSize(t *testing.T) {
	for _, n := range []int{0, 3, 5} {
		b, err := frame.Fixed(4).Append([]byte("before"), &frame.Frame{Payload: make([]byte, n)})
		if !errors.Is(err, frame.ErrSize) || string(b) != "before" {
			t.Errorf("%d bytes: got %q, %v, want %v", n, b, err, frame.ErrSize)
		}
	}
}

func TestALengthSaysBothSizesWhenItIsTooLong(t *testing.T) {
	var v frame.Frame
	_, err := frame.Length32(1<<20).Decode([]byte("\xff\xff\xff\xff"), &v)
	if want := "frame of 4294967295 bytes is over the limit of 1048576"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A prefix can say more than an int can hold, on machines of 32 bits or with a varint on any.
func TestNoLengthIsEverNegative(t *testing.T) {
	length32, uvarint := frame.Length32(math.MaxInt), frame.Uvarint(math.MaxInt)
	for _, n := range []uint64{1 << 30, 1<<31 - 5, 1<<31 - 4, 1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<32 - 4, 1<<32 - 1,
		1<<63 - 11, 1<<63 - 10, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		if n <= math.MaxUint32 {
			checkAsk(t, length32, binary.BigEndian.AppendUint32(nil, uint32(n)), n, min(math.MaxUint32, math.MaxInt-4))
			checkAsk(t, frame.Length32LE(math.MaxInt), binary.LittleEndian.AppendUint32(nil, uint32(n)), n,
				min(math.MaxUint32, math.MaxInt-4))
		}
		checkAsk(t, uvarint, binary.AppendUvarint(nil, n), n, math.MaxInt-binary.MaxVarintLen64)
	}
}

func checkAsk(t *testing.T, c frame.Codec, prefix []byte, n, most uint64) {
	t.Helper()
	var v frame.Frame
	got, err := c.Decode(prefix, &v)
	switch {
	case n > most && !errors.Is(err, frame.ErrTooLong):
		t.Errorf("a length of %d gives %d, %v, want %v", n, got, err, frame.ErrTooLong)
	case n <= most && (err != nil || got != -(len(prefix)+int(n))):
		t.Errorf("a length of %d gives %d, %v, want %d", n, got, err, -(len(prefix) + int(n)))
	}
}

func TestASizeThatMakesNoSensePanicsWithASentence(t *testing.T) {
	for want, f := range map[string]func(){
		"frame.Length16: the limit must be at least 1 byte, not 0":    func() { frame.Length16(0) },
		"frame.Length16LE: the limit must be at least 1 byte, not -1": func() { frame.Length16LE(-1) },
		"frame.Length32: the limit must be at least 1 byte, not 0":    func() { frame.Length32(0) },
		"frame.Length32LE: the limit must be at least 1 byte, not 0":  func() { frame.Length32LE(0) },
		"frame.Uvarint: the limit must be at least 1 byte, not -5":    func() { frame.Uvarint(-5) },
		"frame.Fixed: a frame must have at least 1 byte, not 0":       func() { frame.Fixed(0) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("panic with %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
}

// The compiler must find T where a codec is given to an assembly, as in codec.Decode(frame.Length32(1<<20)).
func TestTheMessageTypeIsInferred(t *testing.T) {
	decodes(frame.Length32(1))
	encodes(frame.Length32(1))
	decodes(frame.Raw)
	encodes(frame.Raw)
}

func decodes[T any](stage.Decoder[T]) {}
func encodes[T any](stage.Encoder[T]) {}
