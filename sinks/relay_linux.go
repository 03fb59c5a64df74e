package sinks

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/internal/wheel"
	"github.com/leat-io/leat/stage"
)

// readSize is how much is read in one go: the buffer stays in a cache nearer than what a larger one would.
const readSize = 64 << 10

// A relay is the tunnels of one loop. All of it belongs to the loop but what mu guards.
type relay struct {
	*tunnels
	loop  *reactor.Loop
	epoll *reactor.Epoll
	lane  *stage.Lane
	buf   []byte
	names names

	pages []*[page]tunnel
	free  []uint32 // places of tunnels that have ended
	again []*tunnel
	spare []*tunnel // what again was

	epoch   time.Time
	now     time.Duration // since epoch, read once in a turn
	nowTick uint32        // the tick of now
	fresh   bool          // it has been read in this turn
	tick    time.Duration // of the wheel
	wheel   wheel.Wheel
	late    func(uint32) // the method of that name, which would be made anew for each call

	dials    []*dial // that are nobody's
	held     heldBytes
	mirrored heldBytes // what waits for mirrors
	pipes    pipes
	count    figures

	shaking int                    // handshakes under way
	shared  bool                   // the loop was, before there were any
	configs map[string]*tls.Config // for backends, by address

	cancel context.CancelFunc

	mu    sync.Mutex
	shown figures // guarded by mu: count as of the latest turn
}

// page is how many tunnels lie in one piece of memory.
const page = 64

// newRelay makes the relay of a loop that runs, on which it is called.
func newRelay(s *tunnels, loop *reactor.Loop, lane *stage.Lane) *relay {
	r := &relay{
		tunnels: s, loop: loop, epoll: loop.Epoll(), lane: lane, buf: make([]byte, readSize), epoch: time.Now(), tick: tickOf(s.limits),
	}
	r.late = r.overdue
	r.pipes.most = s.limits.Pipes
	r.names.ctx, r.cancel = context.WithCancel(context.Background())
	loop.OnEnd(r.end)
	return r
}

// tickOf is how often to look at time limits: often enough to keep the shortest to within a sixteenth.
func tickOf(l TunnelLimits) time.Duration {
	tick := 500 * time.Millisecond
	for _, d := range [...]time.Duration{l.Connect, l.Handshake, l.Idle, l.HalfClosed, l.WriteStall} {
		if d > 0 {
			tick = min(tick, d/16)
		}
	}
	return max(tick, time.Millisecond)
}

// ticks is a time limit in ticks of the wheel, one more than fit into it: the tick that runs has begun already.
func (r *relay) ticks(d time.Duration) uint32 {
	return uint32(min((d+r.tick-1)/r.tick+1, 1<<30))
}

// Turn implements reactor.Rider.
func (r *relay) Turn() (more bool) {
	r.read()
	if r.nowTick != r.wheel.Now() {
		r.wheel.Advance(r.nowTick, r.late)
		r.pipes.refused = false
	}
	r.again, r.spare = r.spare[:0], r.again
	for i, t := range r.spare {
		r.spare[i] = nil
		if t.is&listed != 0 {
			t.is &^= listed
			r.move(t)
		}
	}
	r.fresh = false
	r.show()
	return len(r.again) > 0
}

// read reads the clock, unless that was done in this turn.
func (r *relay) read() {
	if !r.fresh {
		r.now, r.fresh = time.Since(r.epoch), true
		r.nowTick = uint32(r.now / r.tick)
	}
}

// Due implements reactor.Rider.
func (r *relay) Due() time.Time {
	if r.wheel.Len() == 0 {
		return time.Time{}
	}
	return r.epoch.Add(time.Duration(r.wheel.Now()+1) * r.tick)
}

// Rest implements reactor.Rider.
func (r *relay) Rest() {}

// Work implements reactor.Rider.
func (r *relay) Work() { r.read() }

// show lets others see the counters.
func (r *relay) show() {
	r.count.held, r.count.waiting, r.count.pipes = r.held.out, r.mirrored.out, r.pipes.made
	r.mu.Lock()
	r.shown = r.count
	r.mu.Unlock()
}

// figures are the counters as of the latest turn.
func (r *relay) figures() figures {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown
}

// repeat has a tunnel looked at in the next turn, behind those who have waited since this one.
func (r *relay) repeat(t *tunnel) {
	if t.is&listed == 0 {
		t.is |= listed
		r.again = append(r.again, t)
	}
}

// take returns a tunnel that is not in use.
func (r *relay) take() *tunnel {
	if len(r.free) == 0 {
		p := new([page]tunnel)
		for i := range p {
			p[page-1-i].place = uint32(len(r.pages)*page + page - 1 - i)
			r.free = append(r.free, p[page-1-i].place)
		}
		r.pages = append(r.pages, p)
	}
	i := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	t := r.at(i)
	*t = tunnel{relay: r, place: i, is: t.is & listed}
	return t
}

func (r *relay) at(i uint32) *tunnel { return &r.pages[i/page][i%page] }

// Cut implements stage.Holder.
func (r *relay) Cut() { r.loop.Post(cut{r}) }

// A cut is a task: all tunnels end.
type cut struct{ *relay }

// Run implements reactor.Task.
func (c cut) Run() { c.endAll() }

func (r *relay) endAll() {
	for _, p := range r.pages {
		for i := range p {
			if t := &p[i]; t.is&inUse != 0 {
				t.end(endStopped, stage.ErrStopped)
			}
		}
	}
}

// end is called when the loop has ended.
func (r *relay) end() {
	r.endAll()
	r.cancel()
	r.pipes.close()
	r.show()
}
