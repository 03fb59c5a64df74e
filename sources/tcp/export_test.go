//go:build unix

package tcp

// Sockets are the descriptors of the connections that are open now.
func Sockets(s *Source) (fds []int) {
	s.all(func(c *conn) { c.Locked(func(bool) { fds = append(fds, int(c.fd)) }) })
	return fds
}
