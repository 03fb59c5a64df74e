package load

import (
	"fmt"
	"sync/atomic"

	"github.com/leat-io/leat/cmd/leat/load/workload"
)

// A user is one source of requests: its place in the schedule, its window, its stream of requests and replies, its figures.
//
// sent-acked is in flight, due-sent the backlog. The counters are atomic because the reader, the sender and the pacer look at
// each other's; each has one writer. They only grow, but for sent after a failed write of a connection's own user, which is the last.
type user struct {
	r  *run
	id int

	due   atomic.Int64 // open loop: requests whose time has come; by the pacer
	sent  atomic.Int64 // requests handed to a write; by the sender
	acked atomic.Int64 // requests whose replies were judged; by the reader

	ended   atomic.Bool // open loop: due has its last value
	stopped atomic.Bool // no more is sent
	gone    atomic.Bool // it is over

	requests workload.Requests
	replies  workload.Replies
	desk     *desk
	bytesOut int64 // after the warm-up

	// sentAt[i%Depth] is when request i was handed to a write. The slot is written before sent shows it and reused after acked
	// has released it.
	sentAt  []int64
	wanted  int64 // pooled: when it began to wait for a connection
	seen    *samples
	endedAt int64

	planned int64 // of the pacer: what due will be after this pass
	delayed int64 // of the pacer: requests that found the window full when they came due
	waiting int64 // of the pacer: the most that were due and not sent
}

// init makes u user id, which works on a desk and notes what it sees in samples.
func (u *user) init(r *run, id int, d *desk, seen *samples) {
	u.r, u.id, u.desk, u.seen = r, id, d, seen
	u.requests, u.replies = r.cfg.spec.Requests(id), r.cfg.spec.Replies(id)
	u.sentAt = make([]int64, r.cfg.Depth)
}

func (u *user) account() *user { return u }

// most is how many requests one write has room for.
func (u *user) most() int { return cap(u.desk.out.ends) }

func (u *user) inFlight() int64 { return u.sent.Load() - u.acked.Load() }

// oldest is when the oldest of the requests in flight was sent.
func (u *user) oldest() int64 { return u.sentAt[u.acked.Load()%int64(len(u.sentAt))] }

// backlog is the number of requests that are due and not sent.
func (u *user) backlog() int64 {
	if !u.r.open() {
		return 0
	}
	return u.due.Load() - u.sent.Load()
}

// over reports whether nothing is in flight and nothing will be. The order matters: once stopped, or ended without a backlog, sent
// has its last value, so only then does an empty window mean the end.
func (u *user) over() bool {
	return (u.stopped.Load() || u.ended.Load() && u.backlog() <= 0) && u.inFlight() <= 0
}

// dueTime is when request i of the user is due.
func (u *user) dueTime(i int64) int64 {
	return u.r.schedule.Due(int64(u.id) + i*int64(len(u.r.clients)))
}

// scheduled is how many requests the schedule has for the user in all.
func (u *user) scheduled() int64 {
	n := int64(len(u.r.clients))
	return max(0, (u.r.schedule.First(u.r.end)-int64(u.id)+n-1)/n)
}

// name is how the user is called in messages.
func (u *user) name() string {
	if u.r.cfg.pooled() {
		return fmt.Sprintf("user %d", u.id)
	}
	return fmt.Sprintf("connection %d", u.id)
}
