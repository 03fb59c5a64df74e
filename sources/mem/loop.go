package mem

import (
	"sync"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A loop serves its connections in turns: it reads from all that are ready into one batch, pushes that, and writes where a
// peer has room again.
type loop struct {
	source   *Source
	inlet    *pipeline.Inlet[stage.Segment]
	segments *stage.Arena[stage.Segment]
	token    chan struct{} // wakes the loop; one is enough
	stopped  chan struct{} // closed when reading has ended
	conns    map[*near]struct{}
	held     []*near // connections to look at when the lane is no longer stalled
	over     bool    // reading has ended

	mu    sync.Mutex
	list  []*near // guarded by mu: connections to look at in the next turn
	phase phase   // guarded by mu
}

type phase uint8

const (
	reading   phase = iota
	stopping        // what had arrived is still read
	abandoned       // reading ends now
	closing         // connections end as they are answered
	ending          // the loop ends
)

// readSize is the most bytes that are read from one connection in one turn.
const readSize = 16 << 10

// turnSize is the most connections that are read in one turn.
const turnSize = 256

func newLoop(s *Source) *loop {
	return &loop{source: s, token: make(chan struct{}, 1), stopped: make(chan struct{}), conns: map[*near]struct{}{}}
}

func (l *loop) wake() {
	select {
	case l.token <- struct{}{}:
	default:
	}
}

// ready puts a connection on the list of the next turn.
func (l *loop) ready(n *near) {
	l.mu.Lock()
	if !n.ready {
		n.ready = true
		l.list = append(l.list, n)
	}
	l.mu.Unlock()
	l.wake()
}

// accept takes a new connection, unless the loop is stopping.
func (l *loop) accept(n *near) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase != reading {
		return false
	}
	n.ready = true
	l.list = append(l.list, n)
	l.wake()
	return true
}

func (l *loop) enter(p phase) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = max(l.phase, p)
	l.wake()
}

func (l *loop) stop()    { l.enter(stopping) }
func (l *loop) abandon() { l.enter(abandoned) }
func (l *loop) close()   { l.enter(closing) }
func (l *loop) end()     { l.enter(ending) }

func (l *loop) run() {
	lane := l.inlet.Lane
	batch := make([]*stage.Segment, 0, turnSize)
	var turn []*near
	lane.Work()
	defer lane.Rest()
	for {
		l.mu.Lock()
		n := min(len(l.list), turnSize)
		turn = append(turn[:0], l.list[:n]...)
		l.list = append(l.list[:0], l.list[n:]...)
		more, p := len(l.list) > 0, l.phase
		for _, c := range turn {
			c.ready = false
		}
		l.mu.Unlock()
		if p == ending {
			l.releaseAll()
			return
		}
		l.retry()
		batch = batch[:0]
		for _, c := range turn {
			if s := l.serve(c, p); s != nil {
				batch = append(batch, s)
			}
		}
		if len(batch) > 0 {
			l.inlet.Push(batch)
		}
		for _, c := range turn {
			l.after(c, p)
		}
		l.settle(p) // before a ticker can stall the lane again
		if due := l.inlet.Due(); !l.over && !due.IsZero() && !time.Now().Before(due) {
			l.inlet.Tick(time.Now())
		}
		if !more {
			l.wait()
		}
	}
}

// retry pushes what waits in the lane. When all of it has gone the connections that were not read are looked at again.
func (l *loop) retry() {
	if !l.inlet.Stalled() {
		return
	}
	if l.inlet.Retry(); l.inlet.Stalled() {
		return
	}
	for _, n := range l.held {
		n.held = false
		l.ready(n)
	}
	l.held = l.held[:0]
}

// hold remembers to look at a connection when the lane is no longer stalled.
func (l *loop) hold(n *near) {
	if !n.held {
		n.held = true
		l.held = append(l.held, n)
	}
}

// serve does what one connection needs in this turn and returns what was read of it.
func (l *loop) serve(n *near, p phase) *stage.Segment {
	if _, ok := l.conns[n]; !ok {
		l.conns[n] = struct{}{}
		n.quota = -1
	}
	c := n.c
	c.mu.Lock()
	gone, shut := c.gone, n.shut
	c.mu.Unlock()
	if gone && !shut {
		n.Fail(stage.ErrReset)
		shut = true
	}
	if shut {
		l.release(n)
		return nil
	}
	if n.room() {
		n.Writable()
	}
	if l.over || n.Halted() {
		return nil
	}
	if l.inlet.Stalled() {
		l.hold(n)
		return nil
	}
	if n.Reading.Stopped {
		s := l.segments.New()
		s.SetConn(&n.Conn)
		return s
	}
	return l.read(n, p)
}

func (l *loop) read(n *near, p phase) *stage.Segment {
	c := n.c
	c.mu.Lock()
	defer c.mu.Unlock()
	k := min(len(c.in), readSize)
	if p >= stopping {
		if n.quota < 0 {
			n.quota = len(c.in)
		}
		k = min(k, n.quota)
		n.quota -= k
	}
	if k == 0 {
		n.eof = n.eof || c.inEOF && len(c.in) == 0
		return nil
	}
	slab, b := l.inlet.Lane.Bytes(k)
	copy(b, c.in)
	c.in = append(c.in[:0], c.in[k:]...)
	c.change.Broadcast()
	l.inlet.Lane.Received(k)
	n.Received()
	s := l.segments.New()
	s.SetConn(&n.Conn)
	s.SetSlab(slab)
	s.Data = b
	return s
}

// after looks at a connection when the batch of its turn has left the lane.
func (l *loop) after(n *near, p phase) {
	if _, ok := l.conns[n]; !ok {
		return
	}
	if n.eof {
		n.Finish(nil)
		return
	}
	n.c.mu.Lock()
	unread := len(n.c.in) > 0 && n.quota != 0 || len(n.c.in) == 0 && n.c.inEOF
	n.c.mu.Unlock()
	switch {
	case l.over || n.Halted() || !unread && !n.Reading.Stopped:
	case l.inlet.Stalled():
		l.hold(n)
	default:
		l.ready(n)
	}
}

func (l *loop) release(n *near) {
	if _, ok := l.conns[n]; !ok {
		return
	}
	delete(l.conns, n)
	n.Release(func() {
		n.c.mu.Lock()
		n.c.outEOF = true
		n.c.change.Broadcast()
		n.c.mu.Unlock()
	})
	l.source.table.Remove(&n.Conn)
}

// releaseAll lets go of connections that were open when the source was closed by force.
func (l *loop) releaseAll() {
	for _, c := range l.source.table.Open() {
		if n := nearOf(c); n.loop == l {
			l.conns[n] = struct{}{}
			l.release(n)
		}
	}
}

// settle moves on to the next phase when this one is done.
func (l *loop) settle(p phase) {
	if p >= stopping && !l.over && (p >= abandoned || l.readAll()) {
		l.over = true
		close(l.stopped)
	}
	if p == closing && l.source.table.Len() == 0 {
		l.source.emptied()
	}
}

// readAll says whether everything that had arrived at the stop has been pushed.
func (l *loop) readAll() bool {
	if l.inlet.Stalled() {
		return false
	}
	l.mu.Lock()
	waiting := len(l.list) > 0
	l.mu.Unlock()
	if waiting {
		return false
	}
	for n := range l.conns {
		if n.Dead() || n.Finishing() {
			continue
		}
		n.c.mu.Lock()
		left := len(n.c.in)
		if n.quota >= 0 {
			left = min(left, n.quota)
		}
		n.c.mu.Unlock()
		if left > 0 || n.Reading.Stopped {
			return false
		}
	}
	return true
}

func (l *loop) wait() {
	lane := l.inlet.Lane
	due := l.inlet.Due()
	lane.Rest()
	defer lane.Work()
	if due.IsZero() || l.over {
		<-l.token
		return
	}
	t := time.NewTimer(time.Until(due))
	defer t.Stop()
	select {
	case <-l.token:
	case <-t.C:
	}
}
