//go:build !race

package resp_test

import (
	"math/big"
	"testing"

	"github.com/leat-io/leat/codec/resp"
)

// That decoding allocates nothing is a check of codectest. These are the calls that it does not make.
func TestHotCallsAllocateNothing(t *testing.T) {
	room := make([]byte, 0, 4096)
	c, r := resp.Request(resp.Limits{}), resp.Reply(resp.Limits{})
	large, few, ends := decoded(t, mget(100)), decoded(t, "GET key\n"), decoded(t, "*1\r\n$4\rxPINGxx")
	tree := resp.Message{Raw: []byte("|1\r\n+ttl\r\n:3\r\n%2\r\n+a\r\n*2\r\n:1\r\n,1.5\r\n$1\r\nb\r\n=7\r\ntxt:abc\r\n")}
	text, number := []byte("hello, world"), big.NewInt(-1<<62)
	count, length, bulk := []byte("*1048576\r\n"), []byte("*1\r\n$536870912\r\n"), []byte("$536870912\r\n")
	var command resp.Command
	var message resp.Message
	for name, f := range map[string]func(){
		"Arg": func() {
			for i := range large.Len() {
				large.Arg(i)
			}
		},
		"Append of an array":                  func() { c.Append(room, large) },
		"Append of a line":                    func() { c.Append(room, few) },
		"Append of an array with other ends":  func() { c.Append(room, ends) },
		"Append of a reply":                   func() { r.Append(room, &tree) },
		"Value":                               func() { walk(tree.Value()) },
		"AppendSimple":                        func() { resp.AppendSimple(room, "OK") },
		"AppendError":                         func() { resp.AppendError(room, "ERR no") },
		"AppendInt":                           func() { resp.AppendInt(room, -1234567) },
		"AppendBulk":                          func() { resp.AppendBulk(room, text) },
		"AppendBulkString":                    func() { resp.AppendBulkString(room, "hello, world") },
		"AppendArray":                         func() { resp.AppendArray(room, 1000) },
		"AppendNull":                          func() { resp.RESP3.AppendNull(room) },
		"AppendMap":                           func() { resp.RESP3.AppendMap(room, 1000) },
		"AppendDouble":                        func() { resp.RESP2.AppendDouble(room, 3.141) },
		"AppendBigNumber":                     func() { resp.RESP2.AppendBigNumber(room, number) },
		"AppendVerbatim":                      func() { resp.RESP3.AppendVerbatim(room, "txt", text) },
		"Decode of a count that lies":         func() { c.Decode(count, &command) },
		"Decode of a length that lies":        func() { c.Decode(length, &command) },
		"Decode of a reply whose length lies": func() { r.Decode(bulk, &message) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// walk asks v for all that it has.
func walk(v resp.Value) (n int) {
	for key, value := range v.Attributes() {
		n += len(key.Str()) + len(value.Str())
	}
	for e := range v.Elements() {
		i, _ := e.Int()
		f, _ := e.Float()
		n += len(e.Str()) + len(e.Format()) + int(i) + int(f) + walk(e)
	}
	return n
}
