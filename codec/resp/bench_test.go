package resp_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// request is the wire form of a request.
func request(args ...string) string { return string(resp.AppendCommand(nil, args...)) }

func mget(keys int) string {
	args := []string{"MGET"}
	for i := range keys {
		args = append(args, fmt.Sprintf("key:%012d", i))
	}
	return request(args...)
}

var requests = []struct{ name, wire string }{
	{"GET", request("GET", "key:000000000001")},
	{"SET 16 B", request("SET", "key:000000000001", strings.Repeat("x", 16))},
	{"SET 64 B", request("SET", "key:000000000001", strings.Repeat("x", 64))},
	{"SET with options", request("SET", "key:000000000001", "value", "PX", "60000", "NX")},
	{"MGET of 100", mget(100)},
	{"inline", "GET key:000000000001\r\n"},
	{"inline with quotes", `SET key:000000000001 "two words"` + "\r\n"},
}

// perMessage decodes wire over and over; one op is one message.
func perMessage[T any](b *testing.B, d stage.Decoder[T], wire []byte) {
	b.ReportAllocs()
	var v T
	for rest := wire; b.Loop(); {
		n, err := d.Decode(rest, &v)
		if n <= 0 || err != nil {
			b.Fatal(n, err)
		}
		if rest = rest[n:]; len(rest) == 0 {
			rest = wire
		}
	}
}

// One op is one request out of a pipeline of 16.
func BenchmarkRequest(b *testing.B) {
	for _, bm := range requests {
		b.Run(bm.name, func(b *testing.B) {
			perMessage(b, resp.Request(resp.Limits{}).NewDecoder(), bytes.Repeat([]byte(bm.wire), 16))
		})
	}
}

// One op is one pipeline of 16 requests to set 64 bytes.
func BenchmarkPipeline(b *testing.B) {
	wire := bytes.Repeat([]byte(requests[2].wire), 16)
	d := resp.Request(resp.Limits{}).NewDecoder()
	b.ReportAllocs()
	var v resp.Command
	for b.Loop() {
		for rest := wire; len(rest) > 0; {
			n, err := d.Decode(rest, &v)
			if n <= 0 || err != nil {
				b.Fatal(n, err)
			}
			rest = rest[n:]
		}
	}
}

// One op is all arguments of one request, in ascending order.
func BenchmarkArg(b *testing.B) {
	for _, keys := range []int{2, 100} {
		b.Run(fmt.Sprint(keys, " keys"), func(b *testing.B) {
			var v resp.Command
			if n, err := resp.Request(resp.Limits{}).Decode([]byte(mget(keys)), &v); n <= 0 || err != nil {
				b.Fatal(n, err)
			}
			b.ReportAllocs()
			sum := 0
			for b.Loop() {
				for i := range v.Len() {
					sum += len(v.Arg(i))
				}
			}
		})
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	for _, bm := range requests {
		b.Run(bm.name, func(b *testing.B) {
			c := resp.Request(resp.Limits{})
			var v resp.Command
			if n, err := c.Decode([]byte(bm.wire), &v); n <= 0 || err != nil {
				b.Fatal(n, err)
			}
			b.ReportAllocs()
			for wire := make([]byte, 0, 4096); b.Loop(); {
				if _, err := c.Append(wire, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var replies = []struct{ name, wire string }{
	{"OK", "+OK\r\n"},
	{"integer", ":1234\r\n"},
	{"bulk of 64 B", "$64\r\n" + strings.Repeat("x", 64) + "\r\n"},
	{"null", "$-1\r\n"},
	{"array of 100", "*100\r\n" + strings.Repeat("$16\r\n0123456789abcdef\r\n", 100)},
	{"map", "%2\r\n+server\r\n$5\r\nredis\r\n+proto\r\n:3\r\n"},
}

// One op is one reply out of a pipeline of 16.
func BenchmarkReply(b *testing.B) {
	for _, bm := range replies {
		b.Run(bm.name, func(b *testing.B) {
			perMessage(b, resp.Reply(resp.Limits{}).NewDecoder(), bytes.Repeat([]byte(bm.wire), 16))
		})
	}
}

// One op is one walk over an array of 100 strings.
func BenchmarkElements(b *testing.B) {
	m := resp.Message{Raw: []byte(replies[4].wire)}
	b.ReportAllocs()
	sum := 0
	for b.Loop() {
		for e := range m.Value().Elements() {
			sum += len(e.Str())
		}
	}
}
