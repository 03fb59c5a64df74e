//go:build unix

package tcp

import (
	"os"

	"github.com/leat-io/leat/stage"
)

// descriptorOf is the descriptor of a connection, whose lock is held.
var descriptorOf = func(_ *Source, c *stage.Conn) int { return int(connOf(c).fd) }

// Sockets are the descriptors of the connections that are open now.
func Sockets(s *Source) (fds []int) {
	for _, c := range s.table.Open() {
		c.Locked(func(bool) { fds = append(fds, descriptorOf(s, c)) })
	}
	return fds
}

// LoseReserve takes the reserve of descriptors away from a source that is bound. What open says from then on is whether there is
// another.
func LoseReserve(s *Source, open func(name string) (*os.File, error)) {
	s.ln.reserve.spend()
	s.ln.reserve.open = open
}
