package udp

import (
	"container/heap"
	"fmt"
	"net/netip"
	"time"

	"github.com/leat-io/leat/stage"
)

// Pacing is how fast packets may follow one another to each destination.
type Pacing struct {
	Rate         float64 // packets a second
	Burst        int     // packets that may go at once after a quiet time; 0 is 1
	Held         int     // packets that wait for their time, of all destinations; 0 is 4096. More are dropped
	Destinations int     // that are remembered at a time; 0 is 16 384. Packets to more are dropped until others have been quiet
}

// Defaults of Pacing, for each lane.
const (
	defaultHeld         = 4096
	defaultDestinations = 16384
)

// Pace delays packets so that no destination, an address and a port, gets them faster than p says: a token bucket for each. It
// stands before [Send]. Packets to one destination keep their order. A lane ticks about every millisecond at most, so packets
// that have become due meanwhile go together. At the end of the flow what is held goes at once.
//
// Packets that are dropped are counted by the source of their socket as "not sent".
func Pace(p Pacing) stage.Maker[Packet, Packet] {
	if p.Burst == 0 {
		p.Burst = 1
	}
	if p.Held == 0 {
		p.Held = defaultHeld
	}
	if p.Destinations == 0 {
		p.Destinations = defaultDestinations
	}
	if !(p.Rate > 0 && p.Rate <= 1e9) || p.Burst < 1 || p.Held < 1 || p.Destinations < 1 {
		panic(fmt.Sprintf("udp.Pace: wants a rate above 0 and bounds of at least 1, not %+v", p))
	}
	interval := max(time.Duration(float64(time.Second)/p.Rate), 1)
	return func(l *stage.Lane) stage.Stage[Packet, Packet] {
		return &pace{lane: l, Pacing: p, interval: interval, slack: time.Duration(p.Burst-1) * interval, buckets: map[netip.AddrPort]*bucket{}}
	}
}

type pace struct {
	Pacing
	lane     *stage.Lane
	interval time.Duration // between two packets
	slack    time.Duration // by which a burst may be ahead
	buckets  map[netip.AddrPort]*bucket
	waiting  schedule
	held     int
}

// A bucket is one destination, by the generic cell rate algorithm (ITU-T I.371): instead of tokens it keeps the time at which
// the next packet would come if all came at the rate.
type bucket struct {
	ideal time.Time
	queue []*stage.Kept[Packet]
	due   time.Time // of the first in the queue
}

const (
	unsentPaced = "held back for too long"
	unsentMany  = "too many destinations"
)

func (s *pace) Process(dst, src []*Packet) ([]*Packet, error) {
	now := s.lane.Now()
	for _, p := range src {
		b := s.bucket(p.Peer, now)
		switch {
		case b == nil:
			s.drop(p, unsentMany)
		case len(b.queue) == 0 && !b.ideal.After(now.Add(s.slack)):
			s.spend(b, now)
			dst = append(dst, p)
		case s.held >= s.Held:
			s.drop(p, unsentPaced)
		default:
			b.queue = append(b.queue, stage.Retain(s.lane, p))
			if s.held++; len(b.queue) == 1 {
				b.due = b.ideal.Add(-s.slack)
				heap.Push(&s.waiting, b)
			}
		}
	}
	return dst, nil
}

// spend notes that a packet goes.
func (s *pace) spend(b *bucket, now time.Time) {
	if b.ideal.Before(now) {
		b.ideal = now
	}
	b.ideal = b.ideal.Add(s.interval)
}

// forgetting is how many buckets are looked at for one that is not needed.
const forgetting = 8

// bucket finds that of a destination or makes it, in the place of one to which nothing has gone for so long that it is as new.
func (s *pace) bucket(to netip.AddrPort, now time.Time) *bucket {
	if b := s.buckets[to]; b != nil {
		return b
	}
	if len(s.buckets) >= s.Destinations {
		tries := 0
		for old, b := range s.buckets { // in another order each time
			if len(b.queue) == 0 && b.ideal.Before(now) {
				delete(s.buckets, old)
				break
			}
			if tries++; tries == forgetting {
				return nil
			}
		}
		if len(s.buckets) >= s.Destinations {
			return nil
		}
	}
	b := &bucket{}
	s.buckets[to] = b
	return b
}

func (s *pace) drop(p *Packet, why string) {
	if k := socketOf(p); k != nil {
		k.source.counts.unsent.count(why, 1)
	}
}

// Tick lets go what is due.
func (s *pace) Tick(dst []*Packet, now time.Time) ([]*Packet, time.Time) {
	for len(s.waiting) > 0 {
		b := s.waiting[0]
		if b.due.After(now) {
			return dst, b.due
		}
		dst = append(dst, b.queue[0].Take(s.lane))
		b.queue[0] = nil
		b.queue = b.queue[1:]
		s.held--
		b.ideal = b.ideal.Add(s.interval)
		if len(b.queue) == 0 {
			b.queue = nil
			heap.Pop(&s.waiting)
			continue
		}
		b.due = b.ideal.Add(-s.slack)
		heap.Fix(&s.waiting, 0)
	}
	return dst, time.Time{}
}

// Flush lets go what is held.
func (s *pace) Flush(dst []*Packet) []*Packet {
	for _, b := range s.waiting {
		for _, k := range b.queue {
			dst = append(dst, k.Take(s.lane))
		}
		b.queue = nil
	}
	s.waiting, s.held = nil, 0
	return dst
}

// A schedule is the destinations for which packets wait, the next one first.
type schedule []*bucket

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due.Before(s[j].due) }
func (s schedule) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *schedule) Push(b any)        { *s = append(*s, b.(*bucket)) }
func (s *schedule) Pop() any {
	last := len(*s) - 1
	b := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return b
}
