// Package profile describes how the rate of an open loop changes with time, and says when each request is due.
//
//	p, err := profile.Parse("ramp 0-50000 10s, hold 50000 30s, spike 80000 5s")
//	s := profile.NewSchedule(p)
//	s.Due(0) // nanoseconds from the start to the first request
//
// A schedule is exact: the number of requests that are due before a time is the integral of the rate up to that time,
// rounded up, because the first is due at once.
package profile
