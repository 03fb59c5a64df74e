package peers

import "github.com/leat-io/leat/stage"

// Seats are a list of connections, each of which knows its place in it. The list lies in pages, so that it is never copied
// while it grows: what Go would throw away then is a tenth as much memory as the connections themselves.
type seats struct {
	pages []*[seatPage]*stage.Conn
	n     int
}

// seatPage is how many connections have their places in one piece of memory.
const seatPage = 512

func (s *seats) at(i int) **stage.Conn { return &s.pages[i/seatPage][i%seatPage] }

func (s *seats) add(c *stage.Conn) {
	if s.n == len(s.pages)*seatPage {
		s.pages = append(s.pages, new([seatPage]*stage.Conn))
	}
	c.Place = int32(s.n)
	*s.at(s.n) = c
	s.n++
}

// remove gives the place of c to the last one, and reports whether c had a place.
func (s *seats) remove(c *stage.Conn) bool {
	if int(c.Place) >= s.n || *s.at(int(c.Place)) != c {
		return false
	}
	s.n--
	last := s.at(s.n)
	*s.at(int(c.Place)) = *last
	(*last).Place = c.Place
	*last = nil
	if n := len(s.pages) - 1; s.n <= (n-1)*seatPage { // one empty page stays, for those that come and go at its edge
		s.pages[n] = nil
		s.pages = s.pages[:n]
	}
	return true
}

// copy fills dst with those from place i on, and returns how many there are.
func (s *seats) copy(dst []*stage.Conn, i int) (n int) {
	for n < len(dst) && i+n < s.n {
		page := s.pages[(i+n)/seatPage][(i+n)%seatPage:]
		n += copy(dst[n:], page[:min(len(page), s.n-i-n)])
	}
	return n
}
