package frame_test

import (
	"fmt"

	"github.com/leat-io/leat/codec/frame"
)

func ExampleLength32() {
	c := frame.Length32(1 << 20)
	var b []byte
	for _, s := range []string{"hello", "", "world"} {
		b, _ = c.Append(b, &frame.Frame{Payload: []byte(s)})
	}
	b = b[:len(b)-2] // the last two bytes have not arrived
	for {
		var f frame.Frame
		n, err := c.Decode(b, &f)
		if n <= 0 || err != nil {
			fmt.Println("needs", -n, "bytes, has", len(b), err)
			return
		}
		fmt.Printf("%q\n", f.Payload)
		b = b[n:]
	}
	// Output:
	// "hello"
	// ""
	// needs 9 bytes, has 7 <nil>
}

func ExampleUvarint() {
	var f frame.Frame
	n, err := frame.Uvarint(100).Decode([]byte("\x05hello\x02"), &f)
	fmt.Printf("%d %q %v\n", n, f.Payload, err)
	_, err = frame.Uvarint(100).Decode([]byte("\xac\x02"), &f)
	fmt.Println(err)
	// Output:
	// 6 "hello" <nil>
	// frame of 300 bytes is over the limit of 100
}

func ExampleFixed() {
	var f frame.Frame
	n, err := frame.Fixed(4).Decode([]byte("abcdef"), &f)
	fmt.Printf("%d %q %v\n", n, f.Payload, err)
	// Output: 4 "abcd" <nil>
}
