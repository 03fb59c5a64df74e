package peers

import (
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/stage"
)

// A Hold says when the bytes of a connection could not be read for a reason that is not its peer's: a queue was full, a
// stage took long, or all lanes were in use. The times in which a peer must have sent something do not run then, and begin
// again behind it. Begin, Again and End are for whoever reads the connection; the sweep of the table looks.
//
// A hold counts when it has lasted for two ticks of the clock of the table at least, so for one tick in truth: one that is
// shorter is within what a time limit is kept to, and a peer that never stops sending causes many.
type Hold struct {
	since atomic.Int64 // Terms.Now when it began, or 0
	until atomic.Int64 // Terms.Now when the latest one that counted ended, or 0
}

// Begin notes that there may be bytes to read.
func (h *Hold) Begin(t *Table) { h.since.Store(t.Terms.Now.Load()) }

// Again notes that some have been read, and that there may be more.
func (h *Hold) Again(t *Table) {
	if now := t.Terms.Now.Load(); now != h.since.Load() {
		h.end(t, now)
		h.since.Store(now)
	}
}

// End notes that there are none, so that it is for the peer to act.
func (h *Hold) End(t *Table) {
	h.end(t, t.Terms.Now.Load())
	h.since.Store(0)
}

func (h *Hold) end(t *Table, now int64) {
	if t.counts(now - h.since.Load()) {
		h.until.Store(now)
	}
}

// counts says whether a hold of that length excuses a peer.
func (t *Table) counts(length int64) bool { return time.Duration(length) >= 2*t.step }

// held says whether a hold excuses the connection for having used up its time.
func (t *Table) held(c *stage.Conn, reason error) bool {
	var limit time.Duration
	switch reason {
	case stage.ErrFirstMessage:
		limit = t.Terms.FirstMessage
	case stage.ErrReadTimeout:
		limit = t.Terms.Read
	case stage.ErrIdle:
		limit = t.Terms.Idle
	}
	if limit == 0 || t.HoldOf == nil {
		return false
	}
	h, now := t.HoldOf(c), t.Terms.Now.Load()
	if since := h.since.Load(); since != 0 && t.counts(now-since) {
		return true
	}
	until := h.until.Load()
	return until != 0 && time.Duration(now-until) <= limit
}
