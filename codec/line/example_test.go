package line_test

import (
	"fmt"

	"github.com/leat-io/leat/codec/line"
)

func ExampleText() {
	c := line.Text(16)
	d := c.NewDecoder() // for one connection
	for _, b := range [][]byte{[]byte("hello\r\nworld\n"), []byte("how are you?"), []byte("how are you? it has been long")} {
		for len(b) > 0 {
			var l line.Line
			n, err := d.Decode(b, &l)
			switch {
			case err != nil:
				fmt.Printf("%s", c.AppendRefusal(nil, err))
				return
			case n == 0:
				fmt.Println("needs more than", len(b), "bytes")
				b = nil
			default:
				fmt.Printf("%q\n", l.Text)
				b = b[n:]
			}
		}
	}
	// Output:
	// "hello"
	// "world"
	// needs more than 12 bytes
	// error: line over the limit of 16 bytes
}
