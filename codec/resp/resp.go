// Package resp is the protocol of Redis, versions RESP2 and RESP3: the requests that a server decodes, the replies that a
// client or a proxy decodes, and functions that append replies.
//
//	p.From(tcp.Listen(addr)).
//		Via("decode", codec.Decode(resp.Request(resp.Limits{}))).
//		Via("serve", stage.Map(func(out *resp.Message, in *resp.Command) {
//			out.Raw = resp.AppendBulk(out.Raw, in.Arg(0))
//		})).
//		To("reply", sinks.Reply(resp.Reply(resp.Limits{})))
//
// Within the limits a request is accepted or refused where redis 7.0 accepts or refuses it, and in the same words. Decoding
// copies nothing but what was quoted: a [Command] and a [Message] alias the bytes that were read. Both decoders remember how
// far they have come, so that a message that drips in costs time in proportion to its length.
package resp

import (
	"fmt"
	"math"
)

// Limits bound what a peer may send. A field that is 0 stands for the limit of redis; a negative one makes [Request] and
// [Reply] panic.
type Limits struct {
	// Inline is the most bytes of an inline request, of the line of a length, and of a simple string, error or number of a
	// reply, without the line's end. 0 is 64 KiB, PROTO_INLINE_MAX_SIZE of redis.
	Inline int
	// Bulk is the most bytes of one argument or bulk string. 0 is 512 MiB, the default of proto-max-bulk-len.
	Bulk int
	// Args is the most arguments of a request, and the most elements of one aggregate of a reply, where a pair of a map is
	// two. For requests 0 is 1048576, the limit of redis up to 6.2; later ones allow 2147483647. For replies 0 is
	// 2147483647: elements cost the decoder no memory, and Total bounds their bytes.
	Args int
	// Total is the most bytes of one request or reply on the wire. 0 is 1 GiB, the default of client-query-buffer-limit. A
	// Total over 2147483647 stands for that.
	Total int
	// Depth is the most aggregates that may lie in one another in a reply. 0 is 32: COMMAND DOCS of redis 7.0 has 12, and
	// hiredis took 7 before it gave up its limit.
	Depth int
}

const (
	defaultInline = 64 << 10
	defaultBulk   = 512 << 20
	defaultArgs   = 1 << 20
	defaultTotal  = 1 << 30
	defaultDepth  = 32
)

// or replaces limits of 0 and panics over negative ones; who names the caller.
func (l Limits) or(who string, args int) Limits {
	for _, f := range []struct {
		name  string
		value *int
		other int
	}{
		{"Inline", &l.Inline, defaultInline},
		{"Bulk", &l.Bulk, defaultBulk},
		{"Args", &l.Args, args},
		{"Total", &l.Total, defaultTotal},
		{"Depth", &l.Depth, defaultDepth},
	} {
		switch {
		case *f.value < 0:
			panic(fmt.Sprintf("resp.%s: the limit %s must not be negative, and is %d", who, f.name, *f.value))
		case *f.value == 0:
			*f.value = f.other
		}
		*f.value = min(*f.value, math.MaxInt32)
	}
	return l
}
