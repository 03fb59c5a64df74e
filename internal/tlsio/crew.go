package tlsio

import (
	"container/list"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
)

// DefaultMost is how many handshakes a crew has under way. One whose peer does not go on costs about 20 KB.
const DefaultMost = 8192

// A Crew bounds the handshakes of many sessions and counts them. Those that compute at a time are as many as there are
// processors for Go.
type Crew struct {
	slots chan struct{}
	most  int

	mu      sync.Mutex
	line    list.List         // guarded by mu: of *Session
	running int               // guarded by mu
	done    uint64            // guarded by mu
	resumed uint64            // guarded by mu
	reasons map[string]uint64 // guarded by mu: handshakes that failed
}

// NewCrew makes a crew that has at most so many handshakes under way; more wait for their turn without a goroutine.
func NewCrew(most int) *Crew {
	return &Crew{slots: make(chan struct{}, runtime.GOMAXPROCS(0)), most: most, reasons: map[string]uint64{}}
}

// Enter and leave enclose what computes.
func (c *Crew) enter() { c.slots <- struct{}{} }
func (c *Crew) leave() { <-c.slots }

func (c *Crew) phaseOf(sh *shake) phase {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sh.phase
}

// admit gives a session its goroutine, or a place in the line.
func (c *Crew) admit(s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running >= c.most {
		s.shake.phase, s.shake.place = inLine, c.line.PushBack(s)
		return
	}
	c.start(s)
}

// start gives a session its goroutine. The lock is held.
func (c *Crew) start(s *Session) {
	c.running++
	s.shake.phase = running
	go s.run()
}

// begin counts a handshake that has a goroutine already.
func (c *Crew) begin(sh *shake) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
	sh.phase = running
}

// ended counts a handshake that had a goroutine, and starts the one that has waited longest.
func (c *Crew) ended(s *Session, sh *shake, err error) {
	resumed := err == nil && s.conn.ConnectionState().DidResume
	c.mu.Lock()
	defer c.mu.Unlock()
	sh.phase = over
	switch {
	case err != nil:
		c.reasons[Reason(err)]++
	case resumed:
		c.resumed++
		c.done++
	default:
		c.done++
	}
	c.running--
	if first := c.line.Front(); first != nil && c.running < c.most {
		next := c.line.Remove(first).(*Session)
		next.shake.place = nil
		c.start(next)
	}
}

// failed counts a handshake that had no goroutine.
func (c *Crew) failed(sh *shake, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sh.phase != over {
		sh.phase = over
		c.reasons[Reason(err)]++
	}
}

// giveUp ends a handshake that has no goroutine, and reports whether it has one.
func (c *Crew) giveUp(sh *shake) (busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch sh.phase {
	case running:
		return true
	case inLine:
		c.line.Remove(sh.place)
		sh.place = nil
		fallthrough
	case arriving:
		sh.phase = over
		c.reasons[Reason(errAborted)]++
	}
	return false
}

// Figures calls f with the name and the value of each figure of the crew.
func (c *Crew) Figures(f func(name, value string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	failed := uint64(0)
	for _, n := range c.reasons {
		failed += n
	}
	f("handshakes", fmt.Sprint(c.done))
	f("handshakes resumed", fmt.Sprint(c.resumed))
	f("handshakes in progress", fmt.Sprint(c.running))
	f("handshakes waiting", fmt.Sprint(c.line.Len()))
	f("handshakes failed", fmt.Sprint(failed))
	for _, reason := range slices.Sorted(maps.Keys(c.reasons)) {
		f("handshake failed: "+reason, fmt.Sprint(c.reasons[reason]))
	}
}
