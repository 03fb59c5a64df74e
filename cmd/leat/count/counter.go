package count

import (
	"cmp"
	"slices"
	"time"

	"github.com/leat-io/leat/cmd/leat/sketch"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// precision of the estimate of how many flows a partition has had: 1 KiB, a standard error of 3.25 %, and of the sum over 256
// partitions of .2 %.
const precision = 10

// A tally is the state of one partition.
type tally struct {
	packets, bytes uint64
	news           bool // since it was last told of
	different      *sketch.HyperLogLog
	flows          *sketch.SpaceSaving[flow, seen]
}

type seen struct {
	bytes       uint64
	first, last int64
}

// A counter keeps the tallies of the partitions whose packets come to its lane. Packets end here.
type counter struct {
	server *Server
	lane   *stage.Lane
	arena  *stage.Arena[Summary]
	parts  [stage.Partitions]*tally
	due    time.Time // of the next report
}

func (s *Server) counter(l *stage.Lane) stage.Stage[udp.Packet, Summary] {
	return &counter{server: s, lane: l, arena: stage.NewArena[Summary](l)}
}

// Process implements stage.Stage.
func (c *counter) Process(dst []*Summary, src []*udp.Packet) ([]*Summary, error) {
	now := c.lane.Now().UnixNano()
	for _, p := range src {
		part := stage.Partition(Key(p))
		t := c.parts[part]
		if t == nil {
			t = c.newTally()
			c.parts[part] = t
		}
		t.packets++
		t.news = true
		t.bytes += uint64(len(p.Data))
		t.different.Add(p.Hash)
		e := t.flows.Add(p.Hash, flow{p.Peer, p.Local()})
		if e.Value.first == 0 {
			e.Value.first = now
		}
		e.Value.last = now
		e.Value.bytes += uint64(len(p.Data))
	}
	return dst, nil
}

func (c *counter) newTally() *tally {
	return &tally{
		different: sketch.NewHyperLogLog(precision),
		flows:     sketch.NewSpaceSaving[flow, seen](c.server.cfg.Counters / stage.Partitions),
	}
}

// Tick implements stage.Ticker.
func (c *counter) Tick(dst []*Summary, now time.Time) ([]*Summary, time.Time) {
	if c.server.cfg.Every == 0 {
		return dst, time.Time{}
	}
	if !c.due.IsZero() && !now.Before(c.due) {
		dst = c.emit(dst, now.Truncate(c.server.cfg.Every))
	}
	c.due = now.Truncate(c.server.cfg.Every).Add(c.server.cfg.Every)
	return dst, c.due
}

// Flush implements stage.Flusher: what there is at the end has no time, as lanes do not end at the same one.
func (c *counter) Flush(dst []*Summary) []*Summary { return c.emit(dst, time.Time{}) }

// emit tells of the partitions of which there is news.
func (c *counter) emit(dst []*Summary, at time.Time) []*Summary {
	for part, t := range c.parts {
		if t == nil || !t.news {
			continue
		}
		t.news = false
		s := c.arena.New()
		s.part, s.at, s.packets, s.bytes, s.flows = uint8(part), at, t.packets, t.bytes, t.estimate()
		s.top = t.top(int(c.server.top.Load()))
		dst = append(dst, s)
	}
	return dst
}

// estimate is how many flows there were: exact while all have had a counter.
func (t *tally) estimate() float64 {
	if t.flows.Least() == 0 {
		return float64(t.flows.Len())
	}
	return max(t.different.Estimate(), float64(t.flows.Len()))
}

// top are the n flows with the most packets.
func (t *tally) top(n int) []Flow {
	all := make([]Flow, 0, t.flows.Len())
	t.flows.All(func(e *sketch.Entry[flow, seen]) {
		all = append(all, Flow{
			Peer: e.Key.peer, Local: e.Key.local, Packets: e.Count, Error: e.Error,
			Bytes: e.Value.bytes, First: e.Value.first, Last: e.Value.last,
		})
	})
	return best(all, n)
}

// best sorts flows by their packets, those that surely have so many before those that may, and cuts all but the first n off.
func best(all []Flow, n int) []Flow {
	slices.SortFunc(all, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Error, b.Error), a.Peer.Compare(b.Peer), a.Local.Compare(b.Local))
	})
	return slices.Clone(all[:min(n, len(all))])
}

// Export implements stage.Handover.
func (c *counter) Export(part uint8) any {
	t := c.parts[part]
	if t == nil {
		return nil
	}
	c.parts[part] = nil
	return t
}

// Import implements stage.Handover. A partition is never on two lanes, so there is nothing to merge it with.
func (c *counter) Import(part uint8, state any) { c.parts[part] = state.(*tally) }
