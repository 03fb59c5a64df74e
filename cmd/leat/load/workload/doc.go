// Package workload makes the requests of a load generator and judges the replies to them, byte for byte.
//
// A Spec says what is asked. Requests of one user and Replies of the same user count in step: what a reply must be follows from
// the user and the place of its request in the stream, so that nothing needs to be kept of a request while it is in flight.
//
//	spec, err := workload.Spec{Protocol: workload.RESP, Request: workload.Get, Keys: 1000, Message: 64}.WithDefaults()
//	ask, judge := spec.Requests(0), spec.Replies(0)
//	b = ask.Append(b)                  // one request more
//	rest, verdict := judge.Next(input) // one reply, or a part of it
package workload
