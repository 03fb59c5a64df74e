package redis

import (
	"fmt"
	"sync"

	"github.com/leat-io/leat/stage"
)

// subscribers are the connections that have subscribed. All of them have done so at the server that has the channels.
type subscribers struct {
	mu    sync.Mutex
	at    Server // that has the channels
	conns map[*stage.Conn]struct{}
	moved uint64 // connections that were closed because the channels had moved
}

// A movedError is why a subscriber is closed: the server that it listens to would bring it nothing any more.
type movedError struct{ from, to string } // addresses

func (e *movedError) Error() string {
	return fmt.Sprintf("the channels have moved from %s to %s: subscribe again", e.from, e.to)
}

func (*movedError) Unwrap() error { return errMoved }

var errMoved = &stage.Reason{Label: "channels moved"}

// join notes that c subscribes at a server, and ends it when the channels have moved meanwhile.
func (s *subscribers) join(c *stage.Conn, at Server) {
	s.mu.Lock()
	late, now := moved(at, s.at), s.at
	if late {
		s.moved++
	} else {
		s.conns[c] = struct{}{}
	}
	s.mu.Unlock()
	if late {
		c.Finish(&movedError{at.Address, now.Address})
	}
}

func (s *subscribers) leave(c *stage.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// move says where the channels are from now on. It ends those who have subscribed elsewhere, and returns how many that were.
func (s *subscribers) move(to Server) int {
	s.mu.Lock()
	from, old := s.at, map[*stage.Conn]struct{}{}
	if s.at = to; moved(from, to) {
		old, s.conns = s.conns, old
		s.moved += uint64(len(old))
	}
	s.mu.Unlock()
	for c := range old {
		c.Finish(&movedError{from.Address, to.Address})
	}
	return len(old)
}

// count returns how many there are, and how many were closed because the channels had moved.
func (s *subscribers) count() (now int, moved uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns), s.moved
}

// moved says whether two servers are not the same one, as far as their configuration tells.
func moved(from, to Server) bool { return from.Name != to.Name || from.Address != to.Address }
