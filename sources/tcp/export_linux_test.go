package tcp

import "github.com/leat-io/leat/stage"

func init() {
	descriptorOf = func(s *Source, c *stage.Conn) int {
		if _, ok := s.engine.(*goroutines); ok {
			return int(connOf(c).fd)
		}
		return int(linkOf(c).fd)
	}
}
