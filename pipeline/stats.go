package pipeline

import (
	"slices"
	"time"

	"github.com/leat-io/leat/stage"
)

// NodeStats are the counters of one node, summed over its lanes.
type NodeStats struct {
	Name     string        `json:"name"`
	Kind     string        `json:"kind"`
	Lanes    int           `json:"lanes"`   // lanes on which the node has an instance, without spare ones
	In       uint64        `json:"in"`      // messages
	Out      uint64        `json:"out"`     // messages
	Batches  uint64        `json:"batches"` // batches that came in; of a source, that went out
	Dropped  uint64        `json:"dropped"` // messages that a full queue cost
	Errors   uint64        `json:"errors"`  // errors that the stage returned
	Panics   uint64        `json:"panics"`
	BytesIn  uint64        `json:"bytes_in"`  // of a source: read from connections
	BytesOut uint64        `json:"bytes_out"` // of a source or joint: answers that its lanes handed to connections
	Depth    int           `json:"depth"`     // messages queued now
	P50      time.Duration `json:"p50_ns"`    // sampled time per message inside the node, and only there
	P99      time.Duration `json:"p99_ns"`
	Sampled  uint64        `json:"sampled"` // batches that were timed
	Gauges   []Gauge       `json:"gauges,omitempty"`

	// Of a joint with several lanes:
	PerLane   []LaneStats `json:"per_lane,omitempty"`
	Imbalance float64     `json:"imbalance,omitempty"` // share of the busiest lane over that of the mean; 1 is even
	Hot       []HotKey    `json:"hot,omitempty"`       // of a Shard: its hottest keys
}

// LaneStats are the figures of one lane behind a joint.
type LaneStats struct {
	In      uint64  `json:"in"`      // messages that it has taken
	Dropped uint64  `json:"dropped"` // messages that its queue has cost, because it was full
	Depth   int     `json:"depth"`   // messages queued for it now
	Share   float64 `json:"share"`   // of what all have taken since their number last changed

	since uint64
}

// PerBatch is the mean number of messages in a batch.
func (s NodeStats) PerBatch() float64 {
	if s.Batches == 0 {
		return 0
	}
	return float64(max(s.In, s.Out)) / float64(s.Batches)
}

// Stats are the counters of all nodes, in order of declaration.
type Stats []NodeStats

// Node returns the counters of one node, or zero counters when there is none of that name.
func (s Stats) Node(name string) NodeStats {
	if i := slices.IndexFunc(s, func(n NodeStats) bool { return n.Name == name }); i >= 0 {
		return s[i]
	}
	return NodeStats{}
}

// statsWait is how long Stats waits for a lane in the middle of a batch before it takes that lane's previous figures.
const statsWait = 5 * time.Millisecond

// Stats reads the counters of every lane: as they are now where the lane rests or ends a batch within 5 ms, and otherwise as
// they were read last.
func (p *Pipeline) Stats() Stats { return p.sum(p.snapshots()) }

// snapshots returns all lanes, with snapshots that are as fresh as can be had.
func (p *Pipeline) snapshots() []*lane {
	lanes := p.allLanes()
	waits := make([]<-chan struct{}, 0, len(lanes))
	for _, ln := range lanes {
		waits = append(waits, ln.ask())
	}
	patience := time.NewTimer(statsWait)
	defer patience.Stop()
wait:
	for _, w := range waits {
		select {
		case <-w:
		case <-patience.C:
			break wait
		}
	}
	return lanes
}

// ask has a snapshot taken, unless one is on its way; the channel is closed when it is there.
func (ln *lane) ask() (taken <-chan struct{}) {
	ln.snapMu.Lock()
	asked := ln.asked
	if asked != nil {
		ln.snapMu.Unlock()
		return asked
	}
	asked = make(chan struct{})
	ln.asked = asked
	ln.snapMu.Unlock()
	ln.stage.Call(ln.snapshot)
	return asked
}

// snapshot answers ask, on the lane.
func (ln *lane) snapshot() {
	ln.snapMu.Lock()
	defer ln.snapMu.Unlock()
	ln.look()
	close(ln.asked)
	ln.asked = nil
}

// look copies what others may see of the lane. snapMu is held.
func (ln *lane) look() {
	ln.snap = ln.snap[:0]
	for _, c := range ln.stage.Counts() {
		ln.snap = append(ln.snap, *c)
	}
	ln.heats, ln.losses = ln.heats[:0], ln.losses[:0]
	for _, e := range ln.exits {
		node, h := e.heatOf()
		ln.heats = append(ln.heats, nodeHeat{node, *h})
		ln.losses = e.losses(ln.losses)
	}
	ln.values = ln.values[:0]
	for node, ps := range ln.params {
		for _, v := range ps {
			ln.values = append(ln.values, ParamValue{node, v.Name, v.Get(), v.Set == nil})
		}
	}
}

func (p *Pipeline) sum(lanes []*lane) Stats {
	out := make(Stats, len(p.nodes))
	times, heats := make([]stage.Times, len(p.nodes)), make([]heats, len(p.nodes))
	for i, n := range p.nodes {
		out[i].Name, out[i].Kind = n.name, string(n.kind)
		if n.joint != nil {
			out[i].depths(n.joint.depths(), n.joint.lanes())
		}
		if g := n.gauged.Load(); g != nil {
			out[i].Gauges = (*g).Gauges()
		}
	}
	for _, ln := range lanes {
		ln.snapMu.Lock()
		for _, c := range ln.snap {
			switch {
			case c.ID == 0: // what happened outside of all nodes is put to the account of the lane's own
				c.ID = ln.node.id
			case ln.spare.Load():
			case p.nodes[c.ID-1].joint == nil || c.ID == ln.node.id: // a joint's lanes are those behind it
				out[c.ID-1].Lanes++
			}
			if c.ID == ln.node.id && ln.place < len(out[c.ID-1].PerLane) {
				l := &out[c.ID-1].PerLane[ln.place]
				l.In, l.since = l.In+c.Out, l.since+c.Out-ln.since
			}
			s := &out[c.ID-1]
			s.In, s.Out, s.Batches = s.In+c.In, s.Out+c.Out, s.Batches+c.Batches
			s.Dropped, s.Errors, s.Panics = s.Dropped+c.Dropped, s.Errors+c.Errors, s.Panics+c.Panics
			s.BytesIn, s.BytesOut = s.BytesIn+c.BytesIn, s.BytesOut+c.BytesOut
			times[c.ID-1].Merge(&c.Times)
		}
		for i := range ln.heats {
			heats[ln.heats[i].node-1].merge(&ln.heats[i].heat)
		}
		for _, l := range ln.losses {
			if lanes := out[l.node-1].PerLane; l.place < len(lanes) {
				lanes[l.place].Dropped += l.n
			}
		}
		ln.snapMu.Unlock()
	}
	for i := range out {
		out[i].balance()
		if n := p.nodes[i]; n.kind == kindShard {
			out[i].Hot = heats[i].hottest(n.joint.owner)
		}
		out[i].P50, out[i].P99, out[i].Sampled = times[i].Quantile(.5), times[i].Quantile(.99), times[i].N()
	}
	return out
}

func (p *Pipeline) allLanes() []*lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lanes)
}
