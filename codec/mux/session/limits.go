package session

import "time"

// Limits bound what the other side of a session may cost.
type Limits struct {
	StreamWindow     int // bytes that the window of a stream grows to
	ConnectionWindow int // bytes that the window of a connection grows to
	Held             int // bytes received and not read, or kept by Push, over all streams; above, the connection gets no more credit
	Control          int // answers and other frames of control that wait to be written
	Pending          int // bytes of [Stream.Push] that wait on a stream; above, the stream gets no more credit
	Rates            Rates
}

// Rates bound how often something may be received; section 10 of the specification.
type Rates struct {
	Resets, Pings, Settings, Empty, Priorities, GoAways Rate
}

// A Rate is so many in a period, which may come at once; then they come back evenly.
type Rate struct {
	Most int
	Per  time.Duration
}

// DefaultLimits are those of the specification. A window of 64 MiB is what 3 GB/s over a round trip of 20 ms has in flight.
var DefaultLimits = Limits{
	StreamWindow: 64 << 20, ConnectionWindow: 64 << 20, Held: 128 << 20, Control: 1024, Pending: 256 << 10,
	Rates: Rates{
		Resets: Rate{200, time.Second}, Pings: Rate{10, time.Second}, Settings: Rate{4, time.Minute}, Empty: Rate{100, time.Second},
		Priorities: Rate{1000, time.Second}, GoAways: Rate{4, time.Minute},
	},
}

// A bucket is what is left of a rate.
type bucket struct {
	full Rate
	left float64
	last time.Time
}

// take takes one, and reports false when there is none.
func (b *bucket) take(now time.Time) bool {
	if b.last.IsZero() {
		b.left = float64(b.full.Most)
	} else {
		b.left = min(b.left+float64(now.Sub(b.last))*float64(b.full.Most)/float64(b.full.Per), float64(b.full.Most))
	}
	b.last = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
