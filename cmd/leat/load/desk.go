package load

// A desk is the memory that a user works on while it writes or reads: each has its own, or those of one loop share one.
type desk struct {
	in  []byte
	out batch
}

// newDesk has room for one read and for one write. The read is of what a user may have in flight, or of the most.
func newDesk(cfg Config, in int) *desk {
	request := cfg.spec.RequestBytes()
	most := min(cfg.Depth, max(1, batchBytes/request))
	return &desk{in: make([]byte, in), out: batch{bytes: make([]byte, 0, most*request), ends: make([]int, 0, most)}}
}

// A batch is requests that are written at once.
type batch struct {
	bytes []byte
	ends  []int // of each request; to tell which of them a failed write got out
}

// whole is how many of the requests lie within the first n bytes.
func (b batch) whole(n int) (requests int64) {
	for _, end := range b.ends {
		if end <= n {
			requests++
		}
	}
	return requests
}
