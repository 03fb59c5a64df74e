package load

import (
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
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
// What it was late is in the latency of the request as well as in late.
type pacer struct {
	r       *run
	clients []client // those with id%step == that of the first
	nap     *napper
	late    *latency.Histogram // ns from the due time to the offer
	at      int                // index in clients of the next request of the schedule
	round   int64              // its number of its user
	pass    []client           // those for which this pass has something
}

// pace starts the pacers and gives each its users.
func (r *run) pace(all *sync.WaitGroup) {
	n := min(runtime.GOMAXPROCS(0), max(1, len(r.clients)/connsPerPacer))
	for i := range n {
		p := &pacer{r: r, nap: newNapper(r.kernel), late: latency.NewHistogram()}
		for id := i; id < len(r.clients); id += n {
			p.clients = append(p.clients, r.clients[id])
		}
		r.pacers = append(r.pacers, p)
		all.Go(p.run)
	}
}

// inKernel reports whether nc is a socket, perhaps below TLS. What is not has a clock of its own, that of testing/synctest for one.
func inKernel(nc net.Conn) bool {
	if outer, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = outer.NetConn()
	}
	_, ok := nc.(syscall.Conn)
	return ok
}

func (p *pacer) run() {
	defer p.nap.close()
	for p.r.live.Load() > 0 && p.nextDue() < p.r.end {
		p.nap.sleep(min(max(time.Duration(p.nextDue()-p.r.now()), minNap), maxNap))
		p.collect(p.r.now())
		p.offer()
	}
	for _, c := range p.clients {
		c.account().ended.Store(true)
		c.poke()
	}
}

func (p *pacer) nextDue() int64 { return p.clients[p.at].account().dueTime(p.round) }

// collect plans the requests that are due at now.
func (p *pacer) collect(now int64) {
	for range passRequests {
		due := p.nextDue()
		if due > now || due >= p.r.end {
			return
		}
		c := p.clients[p.at]
		if u := c.account(); !u.gone.Load() {
			if u.planned == u.due.Load() {
				p.pass = append(p.pass, c)
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
	for _, c := range p.pass {
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
	p.pass = p.pass[:0]
}
