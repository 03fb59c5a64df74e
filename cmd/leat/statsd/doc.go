// Package statsd aggregates the metrics that StatsD clients send: counters, gauges, timers and sets, in bounded memory.
//
// A datagram has one sample on each line:
//
//	name:value|type[|@rate][|#tag,key:value]
//
//	c          counter: values are added; with @rate each counts 1/rate times
//	g          gauge: the latest value; one that begins with + or - is added to it
//	ms, h, d   timer, histogram, distribution: the distribution of values, with @rate as above
//	s          set: how many different values there were
//
// Tags are those of DogStatsD. A series is a type, a name and a set of tags, in whatever order these come. The fields c:, e: and card: of
// later DogStatsD, which say where a sample comes from, are skipped; samples with a time (T), several values on a line, events
// and service checks are refused. What is refused is counted by its reason.
//
// # The assembly
//
//	udp → parse ═ by series ═→ aggregate ═ lines ═→ write
//
// Series are sharded, so each has one lane that aggregates it, without a lock. Every so often, at whole multiples of the interval,
// the lanes write what they have as lines of Graphite's plaintext protocol, one for each figure:
//
//	name.count;key=value 42 1767225600
//
// State is kept by partition, so that it moves with its keys when the number of lanes changes.
//
// # Bounds
//
// There are at most MaxSeries series; samples of others are refused and counted, until series that nobody has sent for Forget are
// forgotten. A timer takes up to 16 KiB for each sign (sketch.DDSketch, quantiles within 1 %); a set counts exactly up to [ExactSet]
// values in an interval and then estimates, with a standard error of 1.6 % (sketch.HyperLogLog).
package statsd
