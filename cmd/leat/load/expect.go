package load

import "github.com/leat-io/leat/cmd/leat/load/expect"

// Expect is what a result must satisfy, all of it.
type Expect = expect.All[Result]

// A Failure is an expectation that a result does not satisfy.
type Failure = expect.Failure

// ParseExpect reads expectations such as "rps>100000,mean<1ms,success>99%", separated by commas: a metric, an operator, a value.
//
//	rps, errors, requests          a number: 100000, 1e5
//	mean, p50, p90, p99, p999, max a duration with its unit: 250us, 1.5ms, 2s
//	success                        a percentage: 99.9%
//
// The times are those of the latency; connect., service. and late. before one are those of Result.Connect, Open.Service and
// Open.Late. phase1. and so on before a time, rps, requests or success are those of one phase of a profile, warm ones not counted.
//
// The operators are > >= < <= and =. Spaces around each part are allowed. The empty string expects nothing.
func ParseExpect(s string) (Expect, error) { return expect.Parse(s, parseMetric) }
