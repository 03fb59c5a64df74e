package redis

import "sync/atomic"

// A holding is what the replies to parts of one client's requests take together while they wait for those to other parts. They
// come on the lanes of several servers.
type holding struct {
	bytes atomic.Int64
	most  int64
}

// take holds n bytes more, unless that is too much.
func (h *holding) take(n int) bool {
	if h.bytes.Add(int64(n)) <= h.most {
		return true
	}
	h.give(n)
	return false
}

// give ends that n bytes are held.
func (h *holding) give(n int) { h.bytes.Add(-int64(n)) }
