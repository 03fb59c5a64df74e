package load

import (
	"fmt"
	"sync"
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
	out      []byte // room for one write
	ends     []int  // of the requests in out; to tell which of them a failed write got out
	bytesOut int64  // after the warm-up

	// sentAt[i%Depth] is when request i was handed to a write. The slot is written before sent shows it and reused after acked
	// has released it.
	sentAt  []int64
	wanted  int64 // pooled: when it began to wait for a connection
	in      []byte
	seen    samples
	endedAt int64

	planned int64 // of the pacer: what due will be after this pass
	delayed int64 // of the pacer: requests that found the window full when they came due
	waiting int64 // of the pacer: the most that were due and not sent
}

// A client drives a user over a connection of its own or over those of a pool.
type client interface {
	account() *user
	start(all *sync.WaitGroup) // its goroutines
	kick()                     // it may have become possible to send; does not wait
	poke()                     // it may have become time to end
	cancel()                   // the context has ended
	// report adds how it ended, when nothing is under way any more, and says whether it lasted as long as the run.
	report(*Result, failures) (lasted bool)
}

// init makes u user id, whose first connection is to a target.
func (u *user) init(r *run, id, target int) {
	request := r.cfg.spec.RequestBytes()
	window := r.cfg.Depth * max(request, r.cfg.spec.ReplyBytes())
	u.r, u.id = r, id
	u.requests, u.replies = r.cfg.spec.Requests(id), r.cfg.spec.Replies(id)
	u.out = make([]byte, 0, min(r.cfg.Depth, max(1, batchBytes/request))*request)
	u.ends = make([]int, 0, u.most())
	u.sentAt = make([]int64, r.cfg.Depth)
	u.in = make([]byte, min(max(window, readBytes), batchBytes))
	u.seen = samples{to: r.shard(target, id), from: r.from}
	if r.open() {
		u.seen.service = make([]int64, batchSamples)
	}
}

func (u *user) account() *user { return u }

// most is how many requests one write has room for.
func (u *user) most() int { return min(u.r.cfg.Depth, cap(u.out)/u.r.cfg.spec.RequestBytes()) }

func (u *user) inFlight() int64 { return u.sent.Load() - u.acked.Load() }

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
