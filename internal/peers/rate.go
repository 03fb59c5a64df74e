package peers

import (
	"container/heap"
	"fmt"
	"net/netip"
	"time"
)

// A Rate is how fast connections of one address may come, by the generic cell rate algorithm (ITU-T I.371): of each address it
// keeps the time at which the next one would come if all came at the rate. An address whose time has passed is as one that was
// never seen, and those are forgotten first. When all that there is room for are within their time, the one that would be forgotten
// next goes before that, so that nobody keeps others out by having many addresses.
type Rate struct {
	PerSecond float64
	Burst     int

	interval time.Duration // between two connections
	slack    time.Duration // by which a burst may be ahead
	of       map[netip.Addr]*turn
	next     turns
}

// remembered is how many addresses a Rate knows, of about 120 bytes each.
const remembered = 1 << 16

// NewRate allows so many connections a second of each IPv4 address and of each IPv6 network of 64 bits, and burst at once.
func NewRate(perSecond float64, burst int) (*Rate, error) {
	if !(perSecond > 1e-6 && perSecond <= 1e9) || burst < 1 || burst > 1<<20 {
		return nil, fmt.Errorf("a rate of one address needs more than 0 connections a second and a burst of at least 1, not %v and %d", perSecond, burst)
	}
	interval := time.Duration(float64(time.Second) / perSecond)
	if float64(interval)*float64(burst) > float64(1<<62) {
		return nil, fmt.Errorf("a burst of %d takes more than 140 years to come at %v a second", burst, perSecond)
	}
	return &Rate{perSecond, burst, interval, time.Duration(burst-1) * interval, map[netip.Addr]*turn{}, nil}, nil
}

// allow says whether one more connection of an address may come, and counts it if so.
func (r *Rate) allow(from netip.Addr, now time.Time) bool {
	t := r.of[from]
	switch {
	case t == nil:
		t = &turn{from: from, at: now}
		if len(r.next) == remembered {
			delete(r.of, r.next[0].from)
			heap.Pop(&r.next)
		}
		r.of[from] = t
		heap.Push(&r.next, t)
	case t.at.After(now.Add(r.slack)):
		return false
	case t.at.Before(now):
		t.at = now
	}
	t.at = t.at.Add(r.interval)
	heap.Fix(&r.next, t.place)
	for len(r.next) > 0 && !r.next[0].at.After(now) {
		delete(r.of, heap.Pop(&r.next).(*turn).from)
	}
	return true
}

// A turn is when the next connection of an address would come at the rate.
type turn struct {
	from  netip.Addr
	at    time.Time
	place int // in turns
}

// turns are addresses, the one first whose time passes first.
type turns []*turn

func (s turns) Len() int           { return len(s) }
func (s turns) Less(i, j int) bool { return s[i].at.Before(s[j].at) }

func (s turns) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].place, s[j].place = i, j
}

func (s *turns) Push(t any) {
	t.(*turn).place = len(*s)
	*s = append(*s, t.(*turn))
}

func (s *turns) Pop() any {
	last := len(*s) - 1
	t := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return t
}
