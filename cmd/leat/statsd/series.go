package statsd

import (
	"time"

	"github.com/leat-io/leat/cmd/leat/sketch"
)

// A series is what one type, name and set of tags has had since the flush before.
type series struct {
	name, tags string
	kind       Kind
	next       *series // of the same key

	touched bool          // there were samples
	idle    time.Duration // without samples, up to the flush before
	value   float64       // of a Counter: the sum; of a Gauge: the latest
	values  *sketch.DDSketch
	members *members
}

func newSeries(s *Sample) *series {
	x := &series{name: string(s.Name), tags: string(s.Tags), kind: s.Kind}
	switch s.Kind {
	case Timer:
		x.values = new(sketch.DDSketch)
	case Set:
		x.members = newMembers()
	}
	return x
}

// is says whether a sample belongs to x.
func (x *series) is(s *Sample) bool {
	return x.kind == s.Kind && x.name == string(s.Name) && sameTags(s.Tags, x.tags)
}

func (x *series) add(s *Sample) {
	x.touched = true
	switch {
	case x.kind == Counter:
		x.value += s.Value / s.Rate
	case x.kind == Gauge && s.Delta:
		x.value += s.Value
	case x.kind == Gauge:
		x.value = s.Value
	case x.kind == Timer:
		x.values.Add(s.Value, 1/s.Rate)
	default:
		x.members.add(s.Member)
	}
}

// flush writes the figures of x and begins anew. Only a gauge is written when nothing has come: it still has its value. At the
// end it is not: it was said at the flush before.
func (x *series) flush(w *writing) {
	switch {
	case !x.touched && (x.kind != Gauge || w.last):
	case x.kind == Gauge:
		w.line(x, "", x.value)
	case x.kind == Counter:
		w.line(x, ".count", x.value)
		w.line(x, ".rate", w.perSecond(x.value))
		x.value = 0
	case x.kind == Timer:
		w.timer(x)
		x.values.Reset()
	default:
		w.line(x, ".unique", x.members.count())
		x.members.reset()
	}
}
