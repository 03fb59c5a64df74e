package resp_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// command is a request as a client makes it.
func command(args ...string) resp.Command {
	var c resp.Command
	c.Set(args...)
	return c
}

// commands has one request in each text, whose arguments are between blanks.
func commands(texts ...string) []resp.Command {
	all := make([]resp.Command, len(texts))
	for i, s := range texts {
		all[i].Set(strings.Fields(s)...)
	}
	return all
}

func args(c *resp.Command) []string {
	var all []string
	for i := range c.Len() {
		all = append(all, string(c.Arg(i)))
	}
	return all
}

// A request means the same whatever form it has.
func sameArgs(a, b *resp.Command) bool {
	return fmt.Sprintf("%q", args(a)) == fmt.Sprintf("%q", args(b))
}

func printArgs(c *resp.Command) string { return fmt.Sprintf("%.200q", args(c)) }

type requestVector = codectest.Vector[resp.Command]

const many = "a b c d e f g h i j k l"

// small limits are crossed by the tests and by the fuzzer.
var small = resp.Limits{Inline: 40, Bulk: 50, Args: 12, Total: 400, Depth: 3}

// describeRequest is the codec of requests with these limits, and inputs for it.
func describeRequest(l resp.Limits, vectors ...requestVector) codectest.Codec[resp.Command] {
	c := resp.Request(l)
	return codectest.Codec[resp.Command]{
		Decoder: c, Encoder: c, Limit: l.Total, Equal: sameArgs, Print: printArgs,
		Samples: append(commands("PING", "GET k", "SET k v PX 100 NX", "SET k v PX 100 NX GET", many),
			command(""), command("ECHO", ""), command("ECHO", "\r\n$1\r\n\x00\xff")),
		Vectors: slices.Concat(acceptedRequests, vectors),
	}
}

var acceptedRequests = []requestVector{
	{Wire: []byte("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPI"), Want: commands("PING", "GET k")},
	{Wire: []byte("PING\r\nGET k\nGET  \t k \r\n  PING"), Want: commands("PING", "GET k", "GET k")},
	{Wire: []byte(many + "\r\n*"), Want: commands(many)},
	{Wire: []byte("\r\n\n \t \r\n*0\r\n*-1\r\n*-7\r\nPING\r\n*0\r\n*1\r\n$4\r\nPING\r\n\r"), Want: commands("PING", "PING")},
	{Wire: []byte("*0\r\n\r\n")},
	{Wire: []byte("*1\rX$4\rXPINGXXPING\r\n"), Want: commands("PING", "PING")}, // redis looks at no LF and at no end
	{Wire: []byte("a\rb\n\va\fb \f\r\n"), Want: []resp.Command{command("a", "b"), command("a\fb")}},
	// These end with half a request, because a line with quotes or many arguments allocates, unlike any other input.
	{Wire: []byte("'a' \"b\" c\r\n*"), Want: commands("a b c")},
	{Wire: []byte("*1\r\n$0\r\n\r\n''\r\n$"), Want: []resp.Command{command(""), command("")}},
	{Wire: []byte("$4\r\n"), Want: commands("$4")},
	{Wire: []byte("PI\x00NG\r\nPING\r\n")},
	{Wire: []byte("*1\x00\r\n$4\r\nPING\r\n")},
	{Wire: []byte("*1\r\n$4\x00\r\nPING\r\n")},
}

func described(err resp.ProtocolError, wire string, want ...string) requestVector {
	return requestVector{Wire: []byte(wire), Want: commands(want...), Err: err}
}

var refusedRequests = []requestVector{
	described(resp.ErrCount, "*\r\n"),
	described(resp.ErrCount, "*x\r\n"),
	described(resp.ErrCount, "*+1\r\n"),
	described(resp.ErrCount, "*01\r\n"),
	described(resp.ErrCount, "*-0\r\n"),
	described(resp.ErrCount, "*-\r\n"),
	described(resp.ErrCount, "* 1\r\n"),
	described(resp.ErrCount, "*1 \r\n"),
	described(resp.ErrCount, "*1\n$4\r\n"),
	described(resp.ErrCount, "PING\r\n*9223372036854775807\r\n", "PING"),
	described(resp.ErrCount, "*9223372036854775808\r\n"),
	described(resp.ErrCount, "*18446744073709551617\r\n"),
	described(resp.ErrCount, "*100000000000000000001\r\n"),
	described(resp.ErrCount, "*-9223372036854775809\r\n"),
	described("expected '$', got 'x'", "*1\r\nx\r\n"),
	described("expected '$', got 'P'", "*1\r\nPING\r\n"),
	described("expected '$', got '\r'", "*1\r\n\r\n"),
	described("expected '$', got '*'", "*2\r\n$3\r\nGET\r\n*1\r\n"),
	described("expected '$', got '\xff'", "*1\r\n\xff\r\n"),
	described("expected '$', got '\n'", "*2\r\n$1\r\na\r\n\n$1\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$-1\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$-0\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$+4\r\nPING\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$04\r\nPING\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$4x\r\nPING\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$4\nPING\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$536870913\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$4294967300\r\nPING\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$9223372036854775807\r\n"),
	described(resp.ErrBulkLength, "*1\r\n$18446744073709551620\r\n"),
	described(resp.ErrBulkLength, "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n*1\r\n$-9\r\n", "GET key"),
	described(resp.ErrQuotes, "GET \"a\r\n"),
	described(resp.ErrQuotes, "GET 'a\r\n"),
	described(resp.ErrQuotes, "GET \"a\"b\r\n"),
	described(resp.ErrQuotes, "GET 'a'b\r\n"),
	described(resp.ErrQuotes, "GET \"a\\\"\r\n"),
	described(resp.ErrQuotes, "GET \"a\\\r\n"),
	described(resp.ErrQuotes, "GET 'a\\'\r\n"),
	described(resp.ErrQuotes, "\"\r\n"),
}

// line is n bytes of a line, of which small limits allow 40.
func line(n int) string { return strings.Repeat("1", n) }

// What only the small limits refuse.
var overSmall = []requestVector{
	described(resp.ErrInlineTooLong, line(41)),
	described(resp.ErrInlineTooLong, line(41)+"\n"),
	described(resp.ErrInlineTooLong, "PING\n"+line(40)+"\r\n", "PING"),
	{Wire: []byte(line(39) + "\r\n"), Want: commands(line(39))},
	{Wire: []byte(line(40) + "\n"), Want: commands(line(40))},
	described(resp.ErrInlineTooLong, "\x00"+line(40)),
	described(resp.ErrInlineTooLong, "a\x00b\n"+line(40)),
	described(resp.ErrInlineTooLong, many+" m\r\n"),
	described(resp.ErrCountTooLong, "*"+line(40)),
	described(resp.ErrCountTooLong, "*1\x00\r\n"+line(40)),
	described(resp.ErrCount, "*"+line(39)+"\r\n"),
	described(resp.ErrCount, "*13\r\n"),
	described(resp.ErrBulkLengthTooLong, "*1\r\n$"+line(40)),
	described(resp.ErrBulkLengthTooLong, "*1\r\n"+line(41)),
	described(resp.ErrBulkLengthTooLong, "*1\r\n$4\x00\r\n"+line(40)),
	described(resp.ErrBulkLength, "*1\r\n$51\r\n"),
	{Wire: []byte("*1\r\n$50\r\n" + line(50) + "\r\n"), Want: commands(line(50))},
	{Wire: []byte(strings.Repeat("\r\n", 1000) + "PING\r\n"), Want: commands("PING")}, // what is skipped does not count
	{Wire: []byte(strings.Repeat("*0\r\n \r\n", 1000) + "PING\r\n*-1\r\nPING\r\n\n"), Want: commands("PING", "PING")},
	described(resp.ErrTooLong, "*12\r\n"+strings.Repeat("$50\r\n"+line(50)+"\r\n", 12)),
	described(resp.ErrTooLong, "*12\r\n"+strings.Repeat("$50\r\n"+line(50)+"\r\n", 6)+"$50\r\n"),
}

func TestRequestKeepsTheContract(t *testing.T) {
	t.Run("with small limits", func(t *testing.T) {
		codectest.Run(t, describeRequest(small, slices.Concat(refusedRequests, overSmall)...))
	})
	wide := resp.Limits{Inline: 1 << 20, Total: 2 << 20}
	for name, long := range map[string]func(n int) []byte{
		"many arguments": func(n int) []byte {
			return resp.AppendCommand(nil, bytes.Split(bytes.Repeat([]byte("x"), n/7), nil)...)
		},
		"a long line":      func(n int) []byte { return append(bytes.Repeat([]byte("x"), n-1), '\n') },
		"many empty lines": func(n int) []byte { return append(bytes.Repeat([]byte("\r\n"), n/2), "PING\r\n"...) },
	} {
		t.Run("byte by byte up to 1 MiB of "+name, func(t *testing.T) {
			c := describeRequest(wide)
			c.Long, c.Vectors = long, nil
			codectest.Run(t, c)
		})
	}
	t.Run("without a decoder per connection", func(t *testing.T) {
		c := describeRequest(small, slices.Concat(refusedRequests, overSmall)...)
		c.Decoder = plain[resp.Command]{c.Decoder}
		codectest.Run(t, c)
	})
}

// plain hides everything of a decoder but Decode.
type plain[T any] struct{ d stage.Decoder[T] }

func (p plain[T]) Decode(b []byte, v *T) (int, error) { return p.d.Decode(b, v) }

func FuzzRequest(f *testing.F) {
	codectest.Fuzz(f, describeRequest(fuzzed, slices.Concat(refusedRequests, overSmall)...))
}

// fuzzed limits leave room for the array that is made of the longest line.
var fuzzed = resp.Limits{Inline: 40, Bulk: 50, Args: 12, Total: 800, Depth: 3}
