package compare

import (
	"fmt"
	"slices"
)

const (
	// saturated is the part of its processors from which on a side of a comparison has nothing left. Below it a closed loop
	// has not found the most that a server can do: something else limits.
	saturated = .93
	// latePart is the part of the 99th percentile of the latency that the lateness of the load may make up.
	latePart = .2
	// behind is the part of its rate that an open loop must reach.
	behind = .99
)

// A doubt says why the figures of a variant are not to be trusted. Those that only the load spoils say of a message still
// what it costs.
type doubt struct {
	reason string
	all    bool // also the figures that only concern the server
}

// few is the part of the runs that may be spoiled before the variant is untrusted: a comparison on a machine that others use
// has such runs, and its interval shows them.
const few = .25

// doubts are about all runs of a variant.
func doubts(runs []Measurement) (all []doubt) {
	var wrong, messages int64
	for _, m := range runs {
		wrong, messages = wrong+m.Wrong, messages+m.Messages
	}
	if wrong > 0 {
		all = append(all, doubt{fmt.Sprintf("%d of %d messages were answered wrongly or not at all", wrong, wrong+messages), true})
	}
	for _, c := range causes {
		bad := slices.Clone(runs)
		bad = slices.DeleteFunc(bad, func(m Measurement) bool { return !c.spoils(m) })
		if float64(len(bad)) > few*float64(len(runs)) {
			return append(all, doubt{fmt.Sprintf("in %d of %d runs %s", len(bad), len(runs), c.say(bad)), false})
		}
	}
	return all
}

// A cause spoils a run. Of several the first is said.
type cause struct {
	spoils func(Measurement) bool
	say    func(bad []Measurement) string
}

var causes = []cause{
	{
		func(m Measurement) bool { return m.Rate > 0 && m.loadShare() >= saturated },
		func(bad []Measurement) string { return "the load had no time left: it used " + loadShare(bad) },
	},
	{
		func(m Measurement) bool { return m.Rate > 0 && m.Late > latePart*micros(at(m.Latency, .99)) },
		func(bad []Measurement) string {
			return fmt.Sprintf("the load itself was late, by %s µs of a latency of %s µs (99th percentiles)",
				number(typicalOf(bad, func(m Measurement) float64 { return m.Late })), number(typicalOf(bad, func(m Measurement) float64 { return micros(at(m.Latency, .99)) })))
		},
	},
	{
		func(m Measurement) bool { return m.Rate > 0 && m.Throughput < behind*m.Rate },
		func(bad []Measurement) string {
			return fmt.Sprintf("only %.1f %% of the rate was reached: the latency is that of a queue that grows",
				100*typicalOf(bad, func(m Measurement) float64 { return m.Throughput / m.Rate }))
		},
	},
	{
		func(m Measurement) bool { return m.idle() && m.loadShare() >= saturated },
		func(bad []Measurement) string {
			return fmt.Sprintf("the load was the bottleneck: it used %s, the server only %s", loadShare(bad), serverShare(bad))
		},
	},
	{
		func(m Measurement) bool { return m.idle() && (m.Processors > 1 || m.LoadProcessors > 1) },
		func(bad []Measurement) string {
			return fmt.Sprintf("the server used %s, the load %s; unless they are pinned to different processors they hinder each other", serverShare(bad), loadShare(bad))
		},
	},
	{
		func(m Measurement) bool { return m.idle() },
		func(bad []Measurement) string {
			return fmt.Sprintf("neither side was busy (server %s, load %s): the server waits for something else, too few messages are in flight, "+
				"or other programs took the processors", serverShare(bad), loadShare(bad))
		},
	},
}

// idle says whether the server of a closed loop had processors to spare. A system that does not tell is not doubted.
func (m Measurement) idle() bool { return m.Rate == 0 && m.Busy > 0 && m.serverShare() < saturated }

func (m Measurement) serverShare() float64 { return m.Busy / float64(max(1, m.Processors)) }
func (m Measurement) loadShare() float64   { return m.LoadBusy / float64(max(1, m.LoadProcessors)) }

func typicalOf(runs []Measurement, f func(Measurement) float64) float64 {
	var v []float64
	for _, m := range runs {
		v = append(v, f(m))
	}
	return median(v)
}

func serverShare(runs []Measurement) string {
	return share(typicalOf(runs, Measurement.serverShare), runs[0].Processors)
}

func loadShare(runs []Measurement) string {
	return share(typicalOf(runs, Measurement.loadShare), runs[0].LoadProcessors)
}

func share(part float64, processors int) string {
	if processors == 1 {
		return fmt.Sprintf("%.0f %% of its processor", 100*part)
	}
	return fmt.Sprintf("%.0f %% of its %d processors", 100*part, processors)
}
