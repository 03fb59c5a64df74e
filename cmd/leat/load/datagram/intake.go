package datagram

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// maxStreams bounds the flows that a sink follows, 9 MiB of them. More are foreign to it.
const maxStreams = 4096

// A stream is one flow, as it is received.
type stream struct {
	tracker
	ended bool
	total uint64 // that were sent, once it has ended
}

type streamKey struct {
	run  uint32
	flow uint16
}

// A sending is what a sink knows of one run that sends to it.
type sending struct{ flows, ended int }

// An intake judges what comes and keeps the figures of it.
type intake struct {
	r   *run
	got atomic.Int64 // datagrams received, of those that are counted

	mu        sync.Mutex // guards all that follows
	streams   map[streamKey]*stream
	flows     []*stream // of this run, where replies are received; the same
	runs      map[uint32]*sending
	sender    int // index in Senders of who sends to a sink; -1 until the first
	latency   []*latency.Histogram
	service   *latency.Histogram
	overTime  *latency.Timeline
	bytes     int64
	corrupt   int64
	foreign   int64
	refused   int64  // ICMP messages that a receiving call has met
	refusal   string // the latest of them
	unclocked bool   // some came from a machine with another clock
	example   string // of what was corrupt
	first     int64  // of the clock: when the first counted one came
	last      int64
}

func newIntake(r *run) *intake {
	in := &intake{
		r: r, streams: map[streamKey]*stream{}, runs: map[uint32]*sending{}, sender: -1,
		service: latency.NewHistogram(), overTime: latency.NewTimeline(),
	}
	for range max(1, len(r.cfg.Profile)) {
		in.latency = append(in.latency, latency.NewHistogram())
	}
	for f := range r.flows {
		s := new(stream)
		in.flows = append(in.flows, s)
		in.streams[streamKey{r.id, uint16(f)}] = s
	}
	return in
}

// take judges one datagram that came at a time of the clock to the socket of a flow, or of a sink. cut says that it was longer.
// The caller holds mu.
func (in *intake) take(flow int, b []byte, cut bool, now int64) {
	var h header
	v := h.read(b)
	if v == whole && cut {
		v = corrupt
	}
	if v == whole && in.r.cfg.Role == Sink {
		v = in.admit(&h)
	} else if v == whole {
		v = in.expected(&h, flow, len(b))
	}
	switch {
	case v == foreign:
		in.foreign++
	case v == corrupt:
		in.corrupt++
		if in.example == "" {
			in.example = fmt.Sprintf("%d bytes that begin with %.24x", len(b), b)
		}
	case h.kind == ending:
		in.end(&h)
	case h.kind == warming:
		in.arrived(&h)
	default:
		in.count(&h, len(b), now)
	}
}

// expected judges a reply.
func (in *intake) expected(h *header, flow, size int) verdict {
	switch {
	case h.run != in.r.id:
		return foreign
	case int(h.flow) != flow, size != in.r.cfg.Message:
		return corrupt
	case h.kind == counted && h.seq >= in.r.flows[flow].offered.Load(): // of what was never sent
		return corrupt
	}
	return whole
}

// admit judges what comes to a sink.
func (in *intake) admit(h *header) verdict {
	key := streamKey{h.run, h.flow}
	if in.streams[key] != nil {
		return whole
	}
	if in.sender >= 0 && in.sender != int(h.sender) || len(in.streams) == maxStreams {
		return foreign
	}
	in.sender = int(h.sender)
	in.streams[key] = new(stream)
	if in.runs[h.run] == nil {
		in.runs[h.run] = new(sending)
	}
	return whole
}

func (in *intake) arrived(h *header) {
	if in.r.cfg.Role == Echo {
		in.r.flows[h.flow].came.Add(1)
	}
}

// end notes what the end of a flow says.
func (in *intake) end(h *header) {
	s := in.streams[streamKey{h.run, h.flow}]
	if s == nil || s.ended || in.r.cfg.Role != Sink {
		return
	}
	s.ended, s.total = true, h.seq
	of := in.runs[h.run]
	of.flows = int(h.due)
	of.ended++
}

func (in *intake) count(h *header, size int, now int64) {
	var s *stream
	if in.r.cfg.Role == Echo {
		s = in.flows[h.flow]
	} else {
		s = in.streams[streamKey{h.run, h.flow}]
	}
	if !s.see(h.seq) {
		return
	}
	in.arrived(h)
	if in.first == 0 {
		in.first = now
	}
	in.last = now
	in.bytes += int64(size)
	in.got.Add(1)
	if h.host != in.r.clock.host || h.host == 0 && in.r.cfg.Role == Sink {
		in.unclocked = true
		return
	}
	phase, at := 0, now-in.first
	if in.r.cfg.Role == Echo {
		phase, at = in.r.phase(h.due-in.r.start), now-in.r.start-in.r.from
	}
	in.latency[phase].Record(now - h.due)
	in.service.Record(now - h.sent)
	in.overTime.RecordN(at, now-h.due, 1)
}

// state is what tells a sink when to end: when the first and the last datagram came, whether all flows that are known have
// ended, and whether one of each sender has.
func (in *intake) state() (first, last int64, all, some bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	all, some = len(in.runs) > 0, len(in.runs) > 0
	for _, s := range in.runs {
		all = all && s.ended > 0 && s.ended >= s.flows
		some = some && s.ended > 0
	}
	return in.first, in.last, all, some
}

// unreachable notes that a call that receives has met an ICMP message about what was sent.
func (in *intake) unreachable(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.refused++
	in.refusal = err.Error()
}

// more says that a batch has been taken: a sender that waits for replies looks again.
func (in *intake) more() {
	if s := in.r.sender; s != nil {
		select {
		case s.room <- struct{}{}:
		default:
		}
	}
}
