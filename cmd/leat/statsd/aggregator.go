package statsd

import (
	"strconv"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/stage"
)

// A part is the series of one partition.
type part struct {
	series map[uint64]*series // by key; series of equal keys are a list
	since  time.Time          // when they were flushed last
}

// An aggregator keeps the series whose samples come to its lane. Samples end here.
type aggregator struct {
	server *Server
	lane   *stage.Lane
	arena  *stage.Arena[lines.Text]
	parts  [stage.Partitions]*part
	due    time.Time // of the next flush
	from   time.Time // of the latest flush, or when the lane began
	text   []byte    // lines that were not emitted yet
}

func (s *Server) aggregator(l *stage.Lane) stage.Stage[Sample, lines.Text] {
	return &aggregator{server: s, lane: l, arena: stage.NewArena[lines.Text](l)}
}

// Process implements stage.Stage.
func (a *aggregator) Process(dst []*lines.Text, src []*Sample) ([]*lines.Text, error) {
	for _, s := range src {
		p := a.parts[stage.Partition(s.key)]
		if p == nil {
			p = &part{series: map[uint64]*series{}, since: a.began()}
			a.parts[stage.Partition(s.key)] = p
		}
		if x := a.of(p, s); x != nil {
			x.add(s)
		}
	}
	return dst, nil
}

// began is when the figures began that the next flush writes.
func (a *aggregator) began() time.Time {
	if a.from.IsZero() {
		a.from = a.lane.Now()
	}
	return a.from
}

// of returns the series of a sample, or nil when there is no room for another.
func (a *aggregator) of(p *part, s *Sample) *series {
	head := p.series[s.key]
	for x := head; x != nil; x = x.next {
		if x.is(s) {
			return x
		}
	}
	if a.server.series.Add(1) > int64(a.server.cfg.MaxSeries) {
		a.server.series.Add(-1)
		a.server.refused.Add(1)
		return nil
	}
	x := newSeries(s)
	x.next = head
	p.series[s.key] = x
	return x
}

// Tick implements stage.Ticker.
func (a *aggregator) Tick(dst []*lines.Text, now time.Time) ([]*lines.Text, time.Time) {
	every := a.server.cfg.Every
	if a.due.IsZero() {
		a.from = now
	}
	if !a.due.IsZero() && !now.Before(a.due) {
		dst = a.flush(dst, now.Truncate(every), false)
	}
	a.due = now.Truncate(every).Add(every)
	return dst, a.due
}

// Flush implements stage.Flusher.
func (a *aggregator) Flush(dst []*lines.Text) []*lines.Text { return a.flush(dst, a.lane.Now(), true) }

// textBytes is about how much text goes into one message.
const textBytes = 16 << 10

// flush writes what every series has had since the flush before. A partition that has come from a lane which has flushed it for the
// same time is left alone.
func (a *aggregator) flush(dst []*lines.Text, at time.Time, last bool) []*lines.Text {
	for _, p := range a.parts {
		if p == nil || p.since.Equal(at) {
			continue
		}
		w := writing{cfg: &a.server.cfg, at: at, passed: at.Sub(p.since), last: last}
		for key, x := range p.series {
			for ; x != nil; x = x.next {
				w.b = a.text
				x.flush(&w)
				if a.text = w.b; len(a.text) >= textBytes {
					dst = a.emit(dst)
				}
			}
			a.forget(p, key, w.passed)
		}
		p.since = at
	}
	a.from = at
	return a.emit(dst)
}

// emit makes a message of the lines that there are.
func (a *aggregator) emit(dst []*lines.Text) []*lines.Text {
	if len(a.text) == 0 {
		return dst
	}
	slab, b := a.lane.Bytes(len(a.text))
	t := a.arena.New()
	t.SetSlab(slab)
	t.Bytes = b[:copy(b, a.text)]
	a.text = a.text[:0]
	return append(dst, t)
}

// forget drops the series under a key that nobody has sent for long.
func (a *aggregator) forget(p *part, key uint64, passed time.Duration) {
	most := a.server.cfg.Forget
	var kept *series
	for x := p.series[key]; x != nil; {
		next := x.next
		if x.idle += passed; x.touched {
			x.idle, x.touched = 0, false
		}
		if most == 0 || x.idle < most {
			x.next, kept = kept, x
		} else {
			a.server.series.Add(-1)
		}
		x = next
	}
	if kept == nil {
		delete(p.series, key)
		return
	}
	p.series[key] = kept
}

// Export implements stage.Handover.
func (a *aggregator) Export(number uint8) any {
	p := a.parts[number]
	if p == nil {
		return nil
	}
	a.parts[number] = nil
	return p
}

// Import implements stage.Handover. A partition is never on two lanes, so there is nothing to merge it with.
func (a *aggregator) Import(number uint8, state any) { a.parts[number] = state.(*part) }

// Params implements stage.Tunable. They are those of all lanes together.
func (a *aggregator) Params() []stage.Param {
	s := a.server
	return []stage.Param{
		{Name: "series", Get: func() string { return strconv.FormatInt(s.series.Load(), 10) }},
		{Name: "refused", Get: func() string { return strconv.FormatUint(s.refused.Load(), 10) }},
	}
}
