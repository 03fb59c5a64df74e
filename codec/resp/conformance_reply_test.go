package resp_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/resp"
)

type replyVector = codectest.Vector[resp.Message]

// messages has one reply in each text.
func messages(wires ...string) []resp.Message {
	all := make([]resp.Message, len(wires))
	for i, s := range wires {
		all[i].Raw = []byte(s)
	}
	return all
}

// each has every type of value, and some in every place in which one may stand.
var each = []string{
	"+OK\r\n", "+\r\n", "-ERR no\r\n", "-\r\n", ":0\r\n", ":-1\r\n", ":9223372036854775807\r\n", ":-9223372036854775808\r\n",
	"$0\r\n\r\n", "$5\r\nhello\r\n", "$4\r\n\r\n\x00\xff\r\n", "$-1\r\n", "$12\r\nhello, world\r\n",
	"*0\r\n", "*-1\r\n", "*1\r\n*0\r\n", "*2\r\n$1\r\na\r\n*-1\r\n", "*2\r\n*-1\r\n+x\r\n", "*3\r\n*1\r\n:1\r\n*0\r\n+x\r\n",
	"_\r\n", "#t\r\n", "#f\r\n",
	",1\r\n", ",-0\r\n", ",1.5\r\n", ",+1\r\n", ",1e10\r\n", ",1.25E-07\r\n", ",inf\r\n", ",-inf\r\n", ",nan\r\n", ",-nan\r\n",
	"(0\r\n", "(-34928903284092385093248509438509438250\r\n", "(+1\r\n",
	"!3\r\nERR\r\n", "!0\r\n\r\n", "=4\r\ntxt:\r\n", "=8\r\nmkd:# hi\r\n",
	"%0\r\n", "%1\r\n+k\r\n:1\r\n", "%2\r\n+a\r\n*1\r\n_\r\n$1\r\nb\r\n%0\r\n", "~2\r\n#t\r\n,1\r\n", "~0\r\n",
	">1\r\n+hi\r\n", ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n",
	"|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n", "|0\r\n+OK\r\n", "|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n_\r\n", "|1\r\n+a\r\n%0\r\n>1\r\n+hi\r\n",
	"*2\r\n|1\r\n+ttl\r\n:3\r\n+a\r\n|0\r\n+b\r\n", "|1\r\n|1\r\n+x\r\n+y\r\n+k\r\n*1\r\n_\r\n*1\r\n:1\r\n", "*1\r\n|1\r\n+a\r\n:1\r\n*0\r\n",
}

func describeReply(l resp.Limits, vectors ...replyVector) codectest.Codec[resp.Message] {
	c := resp.Reply(l)
	return codectest.Codec[resp.Message]{
		Decoder: c, Encoder: c, Limit: l.Total, Samples: messages(each...),
		Vectors: append([]replyVector{
			{Wire: []byte("+OK\r\n:1\r\n$-1\r\n+O"), Want: messages("+OK\r\n", ":1\r\n", "$-1\r\n")},
			{Wire: []byte("*2\r\n+a\r\n")},
			{Wire: []byte("|1\r\n+a\r\n:1\r\n")},
			{Wire: []byte("%1\r\n+a\r\n|1\r\n+a\r\n:1\r\n")},
			{Wire: []byte("$5\r\nhello\r")},
		}, vectors...),
	}
}

func refused(err resp.ProtocolError, wire string, want ...string) replyVector {
	return replyVector{Wire: []byte(wire), Want: messages(want...), Err: err}
}

var refusedReplies = []replyVector{
	refused("unknown type of a reply: 'x'", "x"),
	refused("unknown type of a reply: '\\n'", "+OK\r\n\n", "+OK\r\n"),
	refused("unknown type of a reply: 'ÿ'", "*1\r\n\xff"),
	refused(resp.ErrStreamed, "$?\r\n;4\r\nabcd\r\n;0\r\n"),
	refused(resp.ErrStreamed, "*?\r\n:1\r\n.\r\n"),
	refused(resp.ErrStreamed, "%?\r\n"),
	refused(resp.ErrStreamed, "~?"),
	refused(resp.ErrStreamed, ";4\r\n"),
	refused(resp.ErrStreamed, ".\r\n"),
	refused(resp.ErrLineEnd, "+a\nb\r\n"),
	refused(resp.ErrLineEnd, "+a\rb\r\n"),
	refused(resp.ErrLineEnd, "-a\r\r\n"),
	refused(resp.ErrLineEnd, ":1\rx"),
	refused(resp.ErrLineEnd, "$1\rxa\r\n"),
	refused(resp.ErrLineEnd, "$-1\rx"),
	refused(resp.ErrLineEnd, "*1\rx"),
	refused(resp.ErrLineEnd, "$1\r\nabc"),
	refused(resp.ErrLineEnd, "$1\r\na\rx"),
	refused(resp.ErrLineEnd, "!1\r\na\n\n"),
	refused(resp.ErrNumber, ":\r\n"),
	refused(resp.ErrNumber, ":+1\r\n"),
	refused(resp.ErrNumber, ":-0\r\n"),
	refused(resp.ErrNumber, ":01\r\n"),
	refused(resp.ErrNumber, ":1 \r\n"),
	refused(resp.ErrNumber, ":9223372036854775808\r\n"),
	refused(resp.ErrNumber, ":-9223372036854775809\r\n"),
	refused(resp.ErrNumber, "_x\r\n"),
	refused(resp.ErrNumber, "#\r\n"),
	refused(resp.ErrNumber, "#x\r\n"),
	refused(resp.ErrNumber, "#tt\r\n"),
	refused(resp.ErrNumber, ",\r\n"),
	refused(resp.ErrNumber, ",.5\r\n"),
	refused(resp.ErrNumber, ",5.\r\n"),
	refused(resp.ErrNumber, ",1e\r\n"),
	refused(resp.ErrNumber, ",1e+\r\n"),
	refused(resp.ErrNumber, ",--1\r\n"),
	refused(resp.ErrNumber, ",infinity\r\n"),
	refused(resp.ErrNumber, ",0x10\r\n"),
	refused(resp.ErrNumber, ",1_000\r\n"),
	refused(resp.ErrNumber, ",1\n2\r\n"),
	refused(resp.ErrNumber, "(\r\n"),
	refused(resp.ErrNumber, "(-\r\n"),
	refused(resp.ErrNumber, "(1.0\r\n"),
	refused(resp.ErrBulkLength, "$\r\n"),
	refused(resp.ErrBulkLength, "$-2\r\n"),
	refused(resp.ErrBulkLength, "$-0\r\n"),
	refused(resp.ErrBulkLength, "$01\r\n"),
	refused(resp.ErrBulkLength, "$+1\r\n"),
	refused(resp.ErrBulkLength, "$536870913\r\n"),
	refused(resp.ErrBulkLength, "$9223372036854775808\r\n"),
	refused(resp.ErrBulkLength, "$"+strings.Repeat("1", 21)),
	refused(resp.ErrBulkLength, "!-1\r\n"),
	refused(resp.ErrBulkLength, "=-1\r\n"),
	refused(resp.ErrVerbatim, "=3\r\ntxt\r\n"),
	refused(resp.ErrVerbatim, "=5\r\ntxt;x\r\n"),
	refused(resp.ErrElements, "*\r\n"),
	refused(resp.ErrElements, "*-2\r\n"),
	refused(resp.ErrElements, "*00\r\n"),
	refused(resp.ErrElements, "*2147483648\r\n"),
	refused(resp.ErrElements, "*18446744073709551615\r\n"),
	refused(resp.ErrElements, "%-1\r\n"),
	refused(resp.ErrElements, "~-1\r\n"),
	refused(resp.ErrElements, ">-1\r\n"),
	refused(resp.ErrElements, "|-1\r\n"),
	refused(resp.ErrElements, "%1073741824\r\n"),
	refused(resp.ErrElements, "%9223372036854775807\r\n"),
	refused(resp.ErrElements, "|4611686018427387905\r\n"),
}

// What only the small limits refuse.
var repliesOverSmall = []replyVector{
	{Wire: []byte("+" + line(40) + "\r\n"), Want: messages("+" + line(40) + "\r\n")},
	refused(resp.ErrLine, "+"+line(41)),
	refused(resp.ErrLine, "("+line(41)+"\r\n"),
	{Wire: []byte("$50\r\n" + line(50) + "\r\n"), Want: messages("$50\r\n" + line(50) + "\r\n")},
	refused(resp.ErrBulkLength, "$51\r\n"),
	refused(resp.ErrElements, "*13\r\n"),
	refused(resp.ErrElements, "%7\r\n"),
	{Wire: []byte("*1\r\n*1\r\n*1\r\n*0\r\n"), Want: messages("*1\r\n*1\r\n*1\r\n*0\r\n")},
	refused(resp.ErrTooNested, strings.Repeat("*1\r\n", 4)),
	refused(resp.ErrTooNested, strings.Repeat("|1\r\n", 4)),
	refused(resp.ErrTooNested, "*1\r\n%1\r\n+k\r\n~1\r\n>1\r\n"),
	refused(resp.ErrTooLong, "*12\r\n"+strings.Repeat("$50\r\n"+line(50)+"\r\n", 7)),
	refused(resp.ErrTooLong, "*12\r\n"+strings.Repeat("$50\r\n"+line(50)+"\r\n", 6)+"$50\r\n"),
	refused(resp.ErrTooLong, strings.Repeat("|0\r\n", 100)),
	refused(resp.ErrTooLong, strings.Repeat("|0\r\n", 99)+"+OK\r\n"),
}

func TestReplyKeepsTheContract(t *testing.T) {
	t.Run("with small limits", func(t *testing.T) {
		codectest.Run(t, describeReply(small, append(refusedReplies, repliesOverSmall...)...))
	})
	wide := resp.Limits{Inline: 1 << 20, Total: 2 << 20, Depth: 1 << 20}
	for name, long := range map[string]func(n int) []byte{
		"many elements": func(n int) []byte { return append(resp.AppendArray(nil, n/4), bytes.Repeat([]byte(":1\r\n"), n/4)...) },
		"a long line":   func(n int) []byte { return []byte("+" + strings.Repeat("x", n) + "\r\n") },
		"nested arrays": func(n int) []byte { return append(bytes.Repeat([]byte("*1\r\n"), n/4), "_\r\n"...) },
	} {
		t.Run("byte by byte up to 1 MiB of "+name, func(t *testing.T) {
			c := describeReply(wide)
			c.Long, c.Vectors = long, nil
			codectest.Run(t, c)
		})
	}
	t.Run("without a decoder per connection", func(t *testing.T) {
		c := describeReply(small, append(refusedReplies, repliesOverSmall...)...)
		c.Decoder = plain[resp.Message]{c.Decoder}
		// Aggregates allocate what a decoder per connection keeps.
		aggregate := func(wire string) bool { return strings.ContainsAny(wire, "*%~>|") }
		c.Samples = slices.DeleteFunc(c.Samples, func(m resp.Message) bool { return aggregate(string(m.Raw)) })
		c.Vectors = slices.DeleteFunc(c.Vectors, func(v replyVector) bool { return v.Err == nil && aggregate(string(v.Wire)) })
		codectest.Run(t, c)
	})
}

func TestAWholeReplyNeedsNoDecoderOfItsConnection(t *testing.T) {
	c := resp.Reply(resp.Limits{})
	for _, wire := range each {
		var v resp.Message
		if n, err := c.Decode([]byte(wire+"+next\r\n"), &v); n != len(wire) || err != nil || string(v.Raw) != wire {
			t.Errorf("%q: got %d, %v and %q", wire, n, err, v.Raw)
		}
	}
}

func FuzzReply(f *testing.F) {
	codectest.Fuzz(f, describeReply(small, append(refusedReplies, repliesOverSmall...)...))
}
