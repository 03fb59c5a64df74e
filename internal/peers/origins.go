package peers

import (
	"net/netip"

	"github.com/leat-io/leat/stage"
)

// Origins count connections by the address that they come from. What they hold is bounded by the connections that are open,
// however many addresses a peer has.
type origins struct {
	of   map[*stage.Conn]netip.Addr
	from map[netip.Addr]int
}

// ofOne is the bits of an IPv6 address that belong to one subscriber: a network is a /64 (RFC 4291 section 2.5.4), and
// whoever has one may pick a new address for each connection (RFC 8981).
const ofOne = 64

// subscriber is the address that all of one subscriber are counted as.
func subscriber(from netip.Addr) netip.Addr {
	from = from.Unmap()
	if !from.Is6() {
		return from
	}
	p, _ := from.Prefix(ofOne) // without the zone
	return p.Addr()
}

// count counts a connection of a subscriber, unless that has as many already as it may. It returns what it is counted as.
func (o *origins) count(from netip.Addr, most int) (as netip.Addr, ok bool) {
	if o.from[from] >= most {
		return as, false
	}
	if o.from == nil {
		o.from = map[netip.Addr]int{}
	}
	o.from[from]++
	return from, true
}

// note remembers as what c was counted.
func (o *origins) note(c *stage.Conn, as netip.Addr) {
	if !as.IsValid() {
		return
	}
	if o.of == nil {
		o.of = map[*stage.Conn]netip.Addr{}
	}
	o.of[c] = as
}

// forget takes the count of c back.
func (o *origins) forget(c *stage.Conn) {
	if as, ok := o.of[c]; ok {
		delete(o.of, c)
		o.uncount(as)
	}
}

func (o *origins) uncount(as netip.Addr) {
	if o.from[as]--; o.from[as] <= 0 {
		delete(o.from, as)
	}
}
