package codectest_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/stage"
)

func TestAFeedCallsNoSoonerThanTheDecoderAsks(t *testing.T) {
	var shown []int
	c := good()
	c.decode = func(b []byte, v *blob) (int, error) {
		shown = append(shown, len(b))
		return decodeBlob(b, v)
	}
	f, got := codectest.NewFeed[blob](c, 4+blobLimit), ""
	for _, b := range []byte("\x00\x00\x00\x03abc\x00") {
		if err := f.Push([]byte{b}, func(_ []byte, v *blob) { got += string(v.Data) }); err != nil {
			t.Fatal(err)
		}
	}
	if want := []int{1, 4, 7, 1}; got != "abc" || fmt.Sprint(shown) != fmt.Sprint(want) || f.Left() != 1 {
		t.Errorf("got %q with calls on %v bytes, want calls on %v; %d bytes left", got, shown, want, f.Left())
	}
}

func TestAFeedLeavesTheOriginalOfAPerConnAlone(t *testing.T) {
	original := perConn{codec{decode: func([]byte, *blob) (int, error) { panic("the original was called") }},
		func() decodeFunc { return remembering() }}
	msgs, err := lineDescription(original).Messages([]byte("on"), []byte("e\ntwo\nthr"))
	if err != nil || len(msgs) != 2 || string(msgs[0].Data) != "one" || string(msgs[1].Data) != "two" {
		t.Errorf("got %d messages, %v, want one and two", len(msgs), err)
	}
}

func TestAFeedStaysAtItsError(t *testing.T) {
	f := codectest.NewFeed[blob](good(), 4+blobLimit)
	messages := 0
	count := func([]byte, *blob) { messages++ }
	for range 2 {
		if err := f.Push([]byte("\x00\x00\x00\x01a\xff\xff\xff\xff"), count); !errors.Is(err, errTooLong) {
			t.Errorf("got %v, want %v", err, errTooLong)
		}
	}
	if messages != 1 || f.Left() != 4 {
		t.Errorf("%d messages and %d bytes left, want 1 and 4", messages, f.Left())
	}
	if err := f.End(); !errors.Is(err, errTooLong) {
		t.Errorf("End gives %v, want %v", err, errTooLong)
	}
}

func TestAFeedGivesTheBytesOfEachMessage(t *testing.T) {
	wire := bytes.Repeat([]byte("\x00\x00\x00\x05hello"), 300)
	f := codectest.NewFeed[blob](good(), 4+blobLimit)
	var all []byte
	for len(wire) > 0 {
		n := min(len(wire), 1000)
		if err := f.Push(wire[:n], func(b []byte, _ *blob) { all = append(all, b...) }); err != nil {
			t.Fatal(err)
		}
		wire = wire[n:]
	}
	if want := bytes.Repeat([]byte("\x00\x00\x00\x05hello"), 300); !bytes.Equal(all, want) {
		t.Errorf("the bytes of the messages make %q, want %q", all, want)
	}
}

func TestAnErrorInWhatIsLeftIsFoundAtTheEnd(t *testing.T) {
	bad := errors.New("bad first byte")
	d := codec{decode: func(b []byte, _ *blob) (int, error) {
		if len(b) == 1 {
			return -10, nil
		}
		return 0, bad
	}}
	f := codectest.NewFeed[blob](d, 10)
	for range 2 {
		if err := f.Push([]byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.End(); err != bad {
		t.Errorf("got %v, want %v", err, bad)
	}
}

// A chunk arrives in two reads; the decoder sees what is left each time.
func ExampleFeed() {
	var d stage.Decoder[blob] = good()
	f := codectest.NewFeed(d, 4+blobLimit)
	for _, read := range []string{"\x00\x00\x00\x05hel", "lo\x00\x00"} {
		err := f.Push([]byte(read), func(wire []byte, v *blob) { fmt.Printf("%d bytes: %s\n", len(wire), v.Data) })
		fmt.Println(f.Left(), "left,", err)
	}
	// Output:
	// 7 left, <nil>
	// 9 bytes: hello
	// 2 left, <nil>
}
