package tcp

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/internal/uring"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Reactor is the engine of loops that serve many connections each, with one lane and one thread for each loop; 0 stands for
// GOMAXPROCS loops. A stage that takes long on such a lane holds up all connections of its loop, which is logged: put a queue
// before it.
//
// The first loop accepts and gives each connection to the loop that has the fewest.
func Reactor(loops int) Option {
	return func(s *Source) { s.react(&reactors{asked: loops}) }
}

func (s *Source) react(r *reactors) {
	r.Source = s
	r.ended = make(chan struct{})
	r.acceptor.over = make(chan struct{})
	s.engine = r
	s.table.HoldOf = func(c *stage.Conn) *peers.Hold { return &linkOf(c).loop.hold }
}

// mostLoops is far beyond the processors that share the work of one address with profit.
const mostLoops = 1024

type reactors struct {
	*Source
	asked    int
	ring     func(uring.Handler) (*uring.Ring, error) // nil for epoll
	refusal  error                                    // guarded by the source's mu: why it is epoll all the same
	loops    []*loop
	acceptor acceptor
	local    bool // its connections are unix sockets
	running  sync.WaitGroup
	ended    chan struct{} // closed when all loops have ended
}

// String implements engine. The caller holds the source's mu.
func (r *reactors) String() string {
	switch {
	case r.ring == nil:
		return fmt.Sprintf("epoll, %d loops", r.lanes())
	case r.refusal != nil:
		return fmt.Sprintf("epoll, %d loops (io_uring: %v)", r.lanes(), r.refusal)
	}
	return fmt.Sprintf("io_uring, %d loops", r.lanes())
}

func (r *reactors) lanes() int {
	if r.asked == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return r.asked
}

func (r *reactors) validate() error {
	if r.asked < 0 || r.asked > mostLoops {
		return fmt.Errorf("needs between 1 and %d loops, or 0 for one on each processor, not %d", mostLoops, r.asked)
	}
	return nil
}

func (r *reactors) services() []pipeline.Service {
	return []pipeline.Service{{Name: r.Source.String() + ": watch of the loops", Run: r.watch}}
}

func (r *reactors) account() *stage.Lane { return r.loops[0].inlet.Lane }

func (r *reactors) start(open func(wake func()) *pipeline.Inlet[stage.Segment]) (err error) {
	defer func() {
		if err != nil {
			r.discard()
		}
	}()
	r.local = strings.HasPrefix(r.address(), unixPrefix)
	refused := r.makeRings()
	if refused != nil || r.ring == nil {
		if err := r.makeEpolls(); err != nil {
			return err
		}
	}
	if err := r.acceptor.init(r.Source, r.loops[0].feed); err != nil {
		return err
	}
	for _, l := range r.loops {
		l.carry(open(l.events.Wake))
	}
	for _, l := range r.loops {
		r.running.Go(l.run)
	}
	go func() { r.running.Wait(); close(r.ended) }()
	if refused != nil {
		r.complain(fmt.Errorf("epoll serves instead of io_uring: %w", refused))
	}
	return nil
}

func (r *reactors) makeEpolls() error {
	for range r.lanes() {
		p, err := reactor.NewEpoll()
		if err != nil {
			return err
		}
		l := newLoop(r)
		l.runOn(p, &edges{loop: l, epoll: p})
		r.loops = append(r.loops, l)
	}
	return nil
}

// discard gives back the loops, which have not begun to run.
func (r *reactors) discard() {
	for _, l := range r.loops {
		l.events.Discard()
	}
	r.loops = nil
}

// adopt implements engine, on the loop that accepts.
func (r *reactors) adopt(fd int, from netip.AddrPort) {
	l := r.loops[0]
	for _, other := range r.loops[1:] {
		if other.live.Load() < l.live.Load() {
			l = other
		}
	}
	c := l.feed.link()
	c.loop, c.fd, c.quota, c.posted = l, int32(fd), -1, true
	c.is.set(torn, r.local)
	if r.tls != nil {
		c.secure().tls = tlsio.Server((*linkWire)(c), r.tls, r.crew)
	}
	c.Init(c, &r.table.Terms)
	if !r.table.AddFrom(&c.Conn, from.Addr()) {
		r.refuse(fd)
		return
	}
	r.setEach(fd)
	l.live.Add(1)
	if l == r.loops[0] {
		c.Run()
	} else {
		l.events.Post(c)
	}
}

func (r *reactors) endAccepting() <-chan struct{} {
	r.loops[0].events.Post(&r.acceptor)
	return r.acceptor.over
}

func (r *reactors) stop(ctx context.Context) {
	if within(ctx, r.acceptor.over) {
		for _, l := range r.loops {
			l.enter(stopping)
		}
	}
	for _, l := range r.loops {
		if !within(ctx, l.readAll) {
			r.abandoned.Store(true)
			l.enter(abandoned)
			select { // a lane that is stuck in a stage is left behind
			case <-l.readAll:
			case <-time.After(lingerTime):
			}
		}
	}
}

func (r *reactors) shut(ctx context.Context) (lost pipeline.Lost) {
	for _, l := range r.loops {
		l.enter(closing)
	}
	if within(ctx, r.ended) {
		return lost
	}
	lost.Requests, lost.Bytes = r.table.Owed()
	for _, c := range r.table.Open() {
		linkOf(c).cut() // but not those that owe nothing: they have just finished and linger
	}
	select {
	case <-r.ended:
	case <-time.After(2 * lingerTime):
	}
	return lost
}
