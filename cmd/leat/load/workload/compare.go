package workload

import "bytes"

// compare returns how many bytes of b are those of the right reply from off on, and whether they are as many as there could be.
func (r *commandReplies) compare(b []byte) (n int, same bool) {
	head, off := r.due.head, r.off
	if off < len(head) {
		if n = common(b, head[off:]); n < len(head)-off {
			return n, n == len(b)
		}
		off = len(head)
	}
	if !r.due.body {
		return n, true
	}
	if at := off - len(head); at < r.due.size {
		part := b[n:min(len(b), n+r.due.size-at)]
		if !r.want.matches(part, at) {
			return n, false
		}
		n += len(part)
		off += len(part)
	}
	const tail = "\r\n"
	for ; off >= len(head)+r.due.size && off < len(head)+r.due.size+len(tail) && n < len(b); off++ {
		if b[n] != tail[off-len(head)-r.due.size] {
			return n, false
		}
		n++
	}
	return n, true
}

// common is how many bytes of a and b agree.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	if bytes.Equal(a[:n], b[:n]) {
		return n
	}
	n = 0
	for a[n] == b[n] {
		n++
	}
	return n
}

// differs is called when a string of the right length has wrong bytes; b begins with or before the first of them.
func (r *commandReplies) differs(b []byte) Verdict {
	at := r.off - len(r.due.head)
	part := b[:min(len(b), max(0, r.due.size-at))]
	if r.read == nil {
		r.read = new(reader)
	}
	r.read.skip = int64(r.due.replyBytes() - r.off)
	return r.wrong(Wrong, func() string { return r.want.difference(part, at, r.due.size) })
}
