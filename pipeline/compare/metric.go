package compare

import "strings"

// A Metric is a figure by which variants are compared.
type Metric struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	More bool   `json:"more_is_better"`

	loaded bool // it says nothing of the server when the load was the bottleneck
	least  float64
	of     func(Measurement) float64
}

// catalogue is in the order of the report. Less than one allocation in a hundred messages counts as that much, so that the
// ratio is not one of two noises or of nothing.
var catalogue = []Metric{
	{Name: "throughput", Unit: "messages/s", More: true, loaded: true,
		of: func(m Measurement) float64 { return m.Throughput }},
	{Name: "latency p50", Unit: "µs", loaded: true,
		of: func(m Measurement) float64 { return micros(at(m.Latency, .5)) }},
	{Name: "latency p99", Unit: "µs", loaded: true,
		of: func(m Measurement) float64 { return micros(at(m.Latency, .99)) }},
	{Name: "latency p99.9", Unit: "µs", loaded: true,
		of: func(m Measurement) float64 { return micros(at(m.Latency, .999)) }},
	{Name: "CPU", Unit: "µs/message",
		of: func(m Measurement) float64 { return m.CPU }},
	{Name: "allocations", Unit: "per message", least: .01,
		of: func(m Measurement) float64 { return m.Allocs }},
	{Name: "memory", Unit: "MB resident",
		of: func(m Measurement) float64 { return m.Resident / 1e6 }},
}

// Word is a verdict in the words of the metric, such as "faster".
func (m Metric) Word(v Verdict) string {
	better, worse := "less", "more"
	if m.More || strings.HasPrefix(m.Name, "latency") {
		better, worse = "faster", "slower"
	}
	switch v {
	case Better:
		return better
	case Worse:
		return worse
	}
	return string(v)
}

// told says whether a value is a figure; it is 0 where the system does not tell.
func (m Metric) told(v float64) bool { return v > 0 || m.least > 0 }
