package workload

import (
	"bytes"
	"fmt"
	"strconv"
)

// judgeLine judges a reply by its first line.
func (r *commandReplies) judgeLine() Verdict {
	r.read.follow()
	line := r.read.text
	switch {
	case r.read.broken:
		return r.wrong(Broken, func() string { return "the bytes are no RESP reply: " + r.shown() })
	case line[0] == '-':
		r.refusal = append(r.refusal, line[1:]...)
		return r.wrong(Wrong, func() string { return "the server says " + string(line[1:]) })
	case line[0] == ':' && r.due.request == INCR:
		n, _ := strconv.ParseInt(string(line[1:]), 10, 64) // follow has parsed it
		if last := r.highest[r.key]; n <= last {
			return r.wrong(Wrong, func() string { return fmt.Sprintf("counter %d is %d after it was %d", r.key, n, last) })
		}
		r.highest[r.key] = n
		r.advance()
		return Right
	case string(line) == "$-1":
		return r.wrong(Wrong, func() string { return fmt.Sprintf("there is no key %d", r.key) })
	default:
		return r.wrong(Wrong, func() string { return fmt.Sprintf("got %s, want %s", r.shown(), r.wanted()) })
	}
}

func (r *commandReplies) shown() string { return strconv.Quote(string(r.read.text)) }

func (r *commandReplies) wanted() string {
	switch {
	case r.due.request == INCR:
		return "an integer"
	case r.due.body:
		return fmt.Sprintf("a string of %d bytes", r.due.size)
	default:
		return strconv.Quote(string(bytes.TrimSpace(r.due.head)))
	}
}

func (r *commandReplies) wrong(v Verdict, why func() string) Verdict {
	if r.why == "" {
		r.why = fmt.Sprintf("reply to request %d, %s: %s", r.seq, r.due.request, why())
	}
	r.advance()
	return v
}
