package load

import (
	"runtime"
	"sync"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/cmd/leat/load/nap"
)

const (
	// connsPerPacer makes a second pacer worth its goroutine: one that writes to 64 connections in turn takes a third of a millisecond.
	connsPerPacer = 64
	// passRequests bounds what a pacer does before it waits. It always waits, if only for minNap: on a single processor the wait is
	// what lets the runtime look for replies.
	passRequests = 512
	// minNap is where a finer schedule begins to cost more than it shows: under a hypervisor arming a timer takes 4 to 10 µs of
	// processor, so naps of 5 µs left less for the requests, and those of 100 µs made a request at 50 000/s 60 µs later.
	minNap = 20 * time.Microsecond
	// maxNap is how late a pacer may notice that all connections have ended.
	maxNap = 50 * time.Millisecond
)

// A pacer offers the requests of some of the users when they come due. It never sends before the time, sleeps until the next
// one and then offers all that have become due meanwhile, so its precision is that of its sleep: about 50 µs on Linux.
// What it was late is in the latency of the request as well as in late. A loop paces its own users; others have a goroutine.
type pacer struct {
	r       *run
	clients []client           // by id
	late    *latency.Histogram // ns from the due time to the offer
	at      int                // index in clients of the next request of the schedule
	round   int64              // its number of its user
	due     []client           // those for which this pass has something
}

func newPacer(r *run) *pacer {
	p := &pacer{r: r, late: latency.NewHistogram()}
	r.pacers = append(r.pacers, p)
	return p
}

// pace starts the pacers and gives each its users.
func (r *run) pace(all *sync.WaitGroup, kernel bool) {
	n := min(runtime.GOMAXPROCS(0), max(1, len(r.clients)/connsPerPacer))
	for i := range n {
		p := newPacer(r)
		for id := i; id < len(r.clients); id += n {
			p.clients = append(p.clients, r.clients[id])
		}
		all.Go(func() { p.run(kernel) })
	}
}

// run paces until the schedule or all users have ended. The naps are the kernel's if the connections are.
func (p *pacer) run(kernel bool) {
	n := nap.New(kernel)
	defer n.Close()
	for p.r.live.Load() > 0 && !p.over() {
		n.Sleep(min(max(time.Duration(p.nextDue()-p.r.now()), minNap), maxNap))
		p.pass(passRequests)
	}
	p.end()
}

// over reports whether no request is due any more.
func (p *pacer) over() bool { return p.nextDue() >= p.r.end }

// end tells the users.
func (p *pacer) end() {
	for _, c := range p.clients {
		c.account().ended.Store(true)
		c.poke()
	}
}

// pass offers what is due now, at most so many requests.
func (p *pacer) pass(most int) {
	p.collect(p.r.now(), most)
	p.offer()
}

func (p *pacer) nextDue() int64 { return p.clients[p.at].account().dueTime(p.round) }

// collect plans the requests that are due at now.
func (p *pacer) collect(now int64, most int) {
	for range most {
		due := p.nextDue()
		if due > now || due >= p.r.end {
			return
		}
		c := p.clients[p.at]
		if u := c.account(); !u.gone.Load() {
			if u.planned == u.due.Load() {
				p.due = append(p.due, c)
			}
			u.planned++
		}
		if p.at++; p.at == len(p.clients) {
			p.at = 0
			p.round++
		}
	}
}

// offer hands what was planned to the users, one write for each.
func (p *pacer) offer() {
	for _, c := range p.due {
		u := c.account()
		now, offered := p.r.now(), u.due.Load()
		for i := offered; i < u.planned; i++ {
			if due := u.dueTime(i); due >= p.r.from {
				p.late.Record(now - due)
			}
		}
		waiting := u.planned - u.acked.Load() - int64(p.r.cfg.Depth)
		u.delayed += min(max(waiting, 0), u.planned-offered)
		u.waiting = max(u.waiting, waiting)
		u.due.Store(u.planned)
		c.kick()
	}
	p.due = p.due[:0]
}
