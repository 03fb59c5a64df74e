package resp

import (
	"fmt"

	"github.com/leat-io/leat/stage"
)

// spansKept is how many arguments a Command finds at once; those behind them are found one after the other. A SET with all
// that it is usually given has six, and a Command fits into two cache lines with them.
const spansKept = 6

// A Command is one request: the name of a command and its arguments, which are counted together from 0.
type Command struct {
	stage.Head

	// Raw is the request as it was received, an array or an inline line with its end. It aliases the buffer that it was
	// decoded from, its capacity ends where it ends, and it must not be changed.
	Raw []byte

	rewritten *[]byte // the request as an array, when Raw is a line with quotes or many arguments
	spans     [spansKept]span
	n         uint32
	rest      uint32 // where the header of argument spansKept begins
	at, next  uint32 // an argument behind it that was asked for, and where its header begins
	exact     bool   // Raw is an array as AppendCommand writes it
}

// A span is where the bytes of an argument lie.
type span struct{ off, len uint32 }

// Len is the number of arguments, the name of the command included. It is not 0 in a command that was decoded.
func (c *Command) Len() int { return int(c.n) }

// Arg returns argument i; argument 0 is the name of the command, in the case in which it was sent. It aliases Raw, its
// capacity ends where it ends, and it must not be changed.
//
// The first six arguments are found in one step. To go through more in ascending order takes one step each; to go back takes
// a step for each argument in front. Because a Command remembers the last of these, two goroutines must not call Arg of one
// Command at once.
func (c *Command) Arg(i int) []byte {
	b := c.bytes()
	if uint(i) < min(spansKept, uint(c.n)) {
		s := c.spans[i]
		return b[s.off : s.off+s.len : s.off+s.len]
	}
	return c.walk(b, i)
}

func (c *Command) walk(b []byte, i int) []byte {
	if uint(i) >= uint(c.n) {
		panic(fmt.Sprintf("resp: argument %d of a request with %d", i, c.n))
	}
	at, next := int(c.at), int(c.next)
	if at < spansKept || at > i {
		at, next = spansKept, int(c.rest)
	}
	for {
		n, from := number(b[next:])
		from += next
		if at == i {
			c.at, c.next = uint32(at), uint32(next)
			return b[from : from+n : from+n]
		}
		at, next = at+1, from+n+len("\r\n")
	}
}

// bytes returns what the spans lie in.
func (c *Command) bytes() []byte {
	if c.rewritten != nil {
		return *c.rewritten
	}
	return c.Raw
}

// Set makes c the request of args, in memory of its own, for a client to send. Head stays as it is.
func (c *Command) Set[S ~string | ~[]byte](args ...S) {
	const header = 1 + maxNumber + 2
	size := header
	for _, a := range args {
		size += header + len(a) + 2
	}
	c.Raw, c.rewritten, c.exact = AppendCommand(make([]byte, 0, size), args...), nil, true
	c.index(len(args))
}

// index finds the first of the n arguments in an array.
func (c *Command) index(n int) {
	c.n, c.at, c.rest = uint32(n), 0, 0
	b := c.bytes()
	_, pos := number(b)
	for i := range min(n, spansKept) {
		length, from := number(b[pos:])
		from += pos
		c.spans[i] = span{uint32(from), uint32(length)}
		pos = from + length + len("\r\n")
	}
	c.rest = uint32(pos)
}
