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

// add counts c to the address that it comes from, unless that has as many connections already as it may.
func (o *origins) add(c *stage.Conn, from netip.Addr, most int) bool {
	if from = from.Unmap(); from.Is6() {
		p, err := from.Prefix(ofOne) // without the zone
		if err != nil {
			return false
		}
		from = p.Addr()
	}
	if o.from[from] >= most {
		return false
	}
	if o.of == nil {
		o.of, o.from = map[*stage.Conn]netip.Addr{}, map[netip.Addr]int{}
	}
	o.of[c] = from
	o.from[from]++
	return true
}

func (o *origins) remove(c *stage.Conn) {
	from, ok := o.of[c]
	if !ok {
		return
	}
	delete(o.of, c)
	if o.from[from]--; o.from[from] == 0 {
		delete(o.from, from)
	}
}
