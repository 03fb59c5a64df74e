package load

import (
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"
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

// A pacer offers the requests of some of the connections when they come due. It never sends before the time, sleeps until the next
// one and then offers all that have become due meanwhile, so its precision is that of its sleep: about 50 µs on Linux.
// What it was late is in the latency of the request as well as in late.
type pacer struct {
	r     *run
	conns []*conn // those with id%step == conns[0].id
	nap   *napper
	late  *histogram // ns from the due time to the offer
	at    int        // index in conns of the next request of the schedule
	round int64      // its number on its connection
	pass  []*conn    // connections for which this pass has something
}

// pace starts the pacers and gives each its connections.
func (r *run) pace(all *sync.WaitGroup) {
	n := min(runtime.GOMAXPROCS(0), max(1, len(r.conns)/connsPerPacer))
	for i := range n {
		p := &pacer{r: r, nap: newNapper(inKernel(r.conns[i].nc)), late: newHistogram()}
		for id := i; id < len(r.conns); id += n {
			p.conns = append(p.conns, r.conns[id])
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
	for _, c := range p.conns {
		c.ended.Store(true)
		c.poke()
	}
}

func (p *pacer) nextDue() int64 { return p.conns[p.at].dueTime(p.round) }

// collect plans the requests that are due at now.
func (p *pacer) collect(now int64) {
	for range passRequests {
		due := p.nextDue()
		if due > now || due >= p.r.end {
			return
		}
		c := p.conns[p.at]
		if !c.gone.Load() {
			if c.planned == c.due.Load() {
				p.pass = append(p.pass, c)
			}
			c.planned++
		}
		if p.at++; p.at == len(p.conns) {
			p.at = 0
			p.round++
		}
	}
}

// offer hands what was planned to the connections, one write for each.
func (p *pacer) offer() {
	for _, c := range p.pass {
		now, offered := p.r.now(), c.due.Load()
		for i := offered; i < c.planned; i++ {
			if due := c.dueTime(i); due >= p.r.from {
				p.late.record(now - due)
			}
		}
		waiting := c.planned - c.acked.Load() - int64(p.r.cfg.Depth)
		c.delayed += min(max(waiting, 0), c.planned-offered)
		c.waiting = max(c.waiting, waiting)
		c.due.Store(c.planned)
		c.kick()
	}
	p.pass = p.pass[:0]
}

// dueTime is when request i of the connection is due.
func (c *conn) dueTime(i int64) int64 {
	return c.r.dueTime(int64(c.id) + i*int64(len(c.r.conns)))
}

// scheduled is how many requests the schedule has for the connection in all.
func (c *conn) scheduled() int64 {
	step := c.r.interval * float64(len(c.r.conns))
	i := max(0, int64(float64(c.r.end)/step)-1)
	for c.dueTime(i) < c.r.end {
		i++
	}
	return i
}
