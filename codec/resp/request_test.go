package resp_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

func TestARefusalIsAnErrorInTheWordsOfRedis(t *testing.T) {
	c := resp.Request(small)
	for wire, want := range map[string]string{
		"*x\r\n":                  "invalid multibulk length",
		"*" + line(40):            "too big mbulk count string",
		"*1\r\nx\r\n":             "expected '$', got 'x'",
		"*1\r\n\r\n":              "expected '$', got ' '", // a CR would end the line
		"*1\r\n\xff\r\n":          "expected '$', got '\xff'",
		"*1\r\n$x\r\n":            "invalid bulk length",
		"*1\r\n$" + line(40):      "too big bulk count string",
		"GET 'a\r\n":              "unbalanced quotes in request",
		line(41):                  "too big inline request",
		string(make([]byte, 500)): "too big inline request",
	} {
		_, err := c.Decode([]byte(wire), &resp.Command{})
		if err == nil {
			t.Fatalf("%q is accepted", wire)
		}
		for _, err := range []error{err, fmt.Errorf("wrapped: %w", err)} {
			if got := string(c.AppendRefusal([]byte("+OK\r\n"), err)); got != "+OK\r\n-ERR Protocol error: "+want+"\r\n" {
				t.Errorf("%.40q is refused with %q, want %q behind what was there", wire, got, want)
			}
		}
	}
	if got := string(c.AppendRefusal(nil, errors.New("two\r\nlines"))); got != "-ERR Protocol error: two  lines\r\n" {
		t.Errorf("an error of somebody else is %q", got)
	}
}

// A decoder that went back over what it has seen would notice that it changed.
func TestADecoderLooksAtEachByteOfARequestOnce(t *testing.T) {
	var args []string
	for i := range 40 {
		args = append(args, fmt.Sprint("argument ", i))
	}
	for name, wire := range map[string]string{
		"array": request(args...),
		"line":  strings.Repeat("x", 1000) + "\n",
	} {
		d := resp.Request(resp.Limits{}).NewDecoder()
		half := len(wire) / 2
		b := []byte(wire)
		var c resp.Command
		if n, err := d.Decode(b[:half], &c); n > 0 || err != nil {
			t.Fatalf("%s: %d, %v", name, n, err)
		}
		// What an array has in its arguments is looked at by nobody; its last header may be looked at again.
		for i := range b[1 : half-40] {
			b[1+i] = '\n'
		}
		n, err := d.Decode(b, &c)
		if n != len(wire) || err != nil {
			t.Errorf("%s: got %d, %v, want %d", name, n, err, len(wire))
		}
	}
}

// Such a line never ends, so it is not searched again before it is too long.
func TestALineWithANULIsAskedForOnce(t *testing.T) {
	for wire, tooLong := range map[string]error{"PI\x00NG\n": resp.ErrInlineTooLong, "*\x001\r": resp.ErrCountTooLong, "*1\r\n$\x004\r": resp.ErrBulkLengthTooLong} {
		d := resp.Request(resp.Limits{}).NewDecoder()
		start := strings.LastIndexByte("\n"+strings.TrimSuffix(wire, "\n"), '\n')
		n, err := d.Decode([]byte(wire), &resp.Command{})
		if want := -(start + 64<<10 + 1); n != want || err != nil {
			t.Errorf("%q: got %d, %v, want %d", wire, n, err, want)
		}
		if n, err := d.Decode([]byte(wire+strings.Repeat("\n", 64<<10)), &resp.Command{}); err != tooLong {
			t.Errorf("%q and 64 KiB more: got %d, %v, want %v", wire, n, err, tooLong)
		}
	}
}

// What means nothing is let go of at once, however it arrives: a peer cannot have it kept.
func TestWhatMeansNothingIsSkipped(t *testing.T) {
	for _, wire := range []string{"\n", "\r\n", "\r\n\n\n\r\n", " \t\r\n", "*0\r\n", "*-1\r\n", "*-10\r\n"} {
		d := resp.Request(resp.Limits{}).NewDecoder()
		for i := 1; i < len(wire); i++ {
			if n, err := d.Decode([]byte(wire[:i]), &resp.Command{}); n > 0 && err != stage.ErrSkip {
				t.Errorf("%q: got %d, %v", wire[:i], n, err)
			}
		}
		for _, behind := range []string{"", "PING\r\n", request("PING"), "*"} {
			if n, err := d.Decode([]byte(wire+behind), &resp.Command{}); n != len(wire) || err != stage.ErrSkip {
				t.Errorf("%q: got %d, %v", wire+behind, n, err)
			}
		}
	}
}

func TestADecoderOfRequestsStartsOverAfterAnError(t *testing.T) {
	d := resp.Request(small).NewDecoder()
	var c resp.Command
	for _, wire := range []string{"*2\r\n$3\r\nGET\r\n", "*2\r\n$3\r\nGET\r\nx\r\n"} {
		d.Decode([]byte(wire), &c)
	}
	if n, err := d.Decode([]byte("PING\r\n"), &c); n != 6 || err != nil {
		t.Errorf("got %d, %v, want 6", n, err)
	}
}

// An error must not wait for bytes that the peer, who waits for the answer, does not send.
func TestARequestIsRefusedAsSoonAsRedisRefusesIt(t *testing.T) {
	for _, wire := range []string{"*1000000\r\n\r\n", "*2\r\n$3\r\nGET\r\n\r\n", "*1\r\n$x\r\n", "*3\r\n$1\r\na\r\n$1\r\nb\r\nx\r\n"} {
		d := resp.Request(resp.Limits{}).NewDecoder()
		need := 0
		for i := 1; i <= len(wire); i++ {
			if i < need {
				continue
			}
			n, err := d.Decode([]byte(wire[:i]), &resp.Command{})
			if err != nil && i < len(wire) || err == nil && i == len(wire) {
				t.Errorf("%q: after %d bytes Decode gives %d, %v", wire, i, n, err)
			}
			if need = -n; need > len(wire) {
				t.Errorf("%q: after %d bytes Decode asks for %d", wire, i, need)
			}
		}
	}
}

func TestTheTypesAreInferred(t *testing.T) {
	decodes(resp.Request(resp.Limits{}))
	encodes(resp.Request(resp.Limits{}))
	decodes(resp.Reply(resp.Limits{}))
	encodes(resp.Reply(resp.Limits{}))
	if b := resp.AppendCommand(nil, bytes.Fields([]byte("GET k"))...); string(b) != request("GET", "k") {
		t.Errorf("got %q", b)
	}
}

func decodes[T any](stage.Decoder[T]) {}
func encodes[T any](stage.Encoder[T]) {}
