package resp_test

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
)

// A decoder that went back over what it has seen would notice that it changed.
func TestADecoderLooksAtEachByteOfAReplyOnce(t *testing.T) {
	for name, wire := range map[string]string{
		"array":      "*100\r\n" + strings.Repeat("$5\r\nhello\r\n", 100),
		"line":       "+" + strings.Repeat("x", 1000) + "\r\n",
		"attributes": strings.Repeat("|0\r\n", 200) + "+OK\r\n",
		"nested":     strings.Repeat("*3\r\n+first\r\n", 30) + "+inner\r\n" + strings.Repeat("+last\r\n", 30),
	} {
		d := resp.Reply(resp.Limits{}).NewDecoder()
		half := len(wire) / 2
		b := []byte(wire)
		var m resp.Message
		if n, err := d.Decode(b[:half], &m); n > 0 || err != nil {
			t.Fatalf("%s: %d, %v", name, n, err)
		}
		for i := range b[1 : half-40] {
			b[1+i] = '\r'
		}
		if n, err := d.Decode(b, &m); n != len(wire) || err != nil {
			t.Errorf("%s: got %d, %v, want %d", name, n, err, len(wire))
		}
	}
}

func TestADecoderOfRepliesStartsOverAfterAnError(t *testing.T) {
	d := resp.Reply(small).NewDecoder()
	var m resp.Message
	for _, wire := range []string{"*2\r\n*1\r\n", "*2\r\n*1\r\nx"} {
		d.Decode([]byte(wire), &m)
	}
	if n, err := d.Decode([]byte("+OK\r\n"), &m); n != 5 || err != nil || string(m.Raw) != "+OK\r\n" {
		t.Errorf("got %d, %v and %q, want 5", n, err, m.Raw)
	}
}
