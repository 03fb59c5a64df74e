package pool

import (
	"sync/atomic"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/stage"
)

// A sender is the part of a sink that does not depend on the type of its messages.
type sender struct {
	lane       *stage.Lane
	forwarding *forwarding
	host       *station // carried by the thread of the lane
	asked      bool     // host has been looked for

	in      *station // whose lock is held
	over    *station // in which more waits than may
	stalled bool
	room    atomic.Bool // set by the station for which the lane has stalled
}

// enter locks the station that serves a client until leave.
func (s *sender) enter(c *stage.Conn) (*station, error) {
	st := s.host
	if st == nil {
		var err error
		if st, err = s.find(c); err != nil {
			return nil, err
		}
	}
	if st != s.in {
		s.leave()
		st.mu.Lock()
		st.tick()
		s.in = st
	}
	return st, nil
}

// settle has the lane's thread carry its connections from the start, so that those that are to be kept open are there before
// the first request.
func (s *sender) settle() {
	if loop, ok := s.lane.Host().(*reactor.Loop); ok && loop.Epoll() != nil {
		loop.Post(settling{s, loop})
	}
}

// A settling is a task for the thread of a lane.
type settling struct {
	sender *sender
	loop   *reactor.Loop
}

// Run implements reactor.Task.
func (t settling) Run() {
	if !t.sender.asked {
		t.sender.asked = true
		t.sender.host = t.sender.forwarding.on(t.loop)
	}
}

// find looks for the station that serves a client, which is the same for all when the lane's thread can carry it.
func (s *sender) find(c *stage.Conn) (*station, error) {
	if !s.asked {
		loop, _ := s.lane.Host().(*reactor.Loop)
		if loop == nil || loop.Epoll() == nil {
			s.asked = true
		} else if _, asleep := loop.Turns(); !asleep { // else this is not its thread
			s.asked = true
			if s.host = s.forwarding.on(loop); s.host != nil {
				return s.host, nil
			}
		}
	}
	return s.forwarding.of(c)
}

// leave unlocks the station, and has it look at what it was given.
func (s *sender) leave() {
	st := s.in
	if st == nil {
		return
	}
	if st.crowded() {
		s.over = st
	}
	s.in = nil
	st.mu.Unlock()
	if st.apart {
		st.loop.Wake()
	} else if _, asleep := st.loop.Turns(); asleep {
		st.loop.Wake()
	}
}

// relieve waits in the middle of a batch when more waits than may, where the lane can.
func (s *sender) relieve() {
	if s.in != nil && s.in.crowded() && s.lane.Patient() {
		s.leave()
		s.end()
	}
}

// end holds the lane up when more waits in a station than may.
func (s *sender) end() {
	st := s.over
	if st == nil {
		return
	}
	s.over = nil
	if s.lane.Patient() {
		s.lane.Uncork()
		st.mu.Lock()
		defer st.mu.Unlock()
		for !st.roomy() {
			st.room.Wait()
		}
		return
	}
	if s.stalled {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.roomy() {
		return
	}
	s.stalled = true
	s.lane.Stall()
	st.stalled = append(st.stalled, s)
}

// retry lets the lane go on when there is room.
func (s *sender) retry() {
	if s.stalled && s.room.Swap(false) {
		s.stalled = false
		s.lane.Unstall()
	}
}
