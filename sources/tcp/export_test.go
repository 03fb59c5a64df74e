//go:build unix

package tcp

import "github.com/leat-io/leat/stage"

// descriptorOf is the descriptor of a connection, whose lock is held.
var descriptorOf = func(_ *Source, c *stage.Conn) int { return int(connOf(c).fd) }

// Sockets are the descriptors of the connections that are open now.
func Sockets(s *Source) (fds []int) {
	for _, c := range s.table.Open() {
		c.Locked(func(bool) { fds = append(fds, descriptorOf(s, c)) })
	}
	return fds
}
