package load

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Result is what a run measured. Its JSON form has the field names of the tags; times there are numbers with their unit in
// the name. The package doc says what the counts mean.
type Result struct {
	Loop     string   `json:"loop"` // "closed" or "open"
	Address  string   `json:"address"`
	Protocol Protocol `json:"protocol"`
	Reply    Reply    `json:"reply"`
	Message  int      `json:"message_bytes"`
	Depth    int      `json:"depth"`
	Rate     float64  `json:"rate"` // requests a second that were asked for; 0 in a closed loop

	Conns     int `json:"connections"`      // opened
	ConnsLost int `json:"connections_lost"` // ended before the run did, with or without requests in flight

	// Elapsed runs from the end of the warm-up to the end of Config.Duration, or, if that was earlier, to the end of the schedule or of the
	// last connection; and on to the last reply if that was later than these.
	Elapsed time.Duration `json:"-"`   // elapsed_s
	RPS     float64       `json:"rps"` // OK / Elapsed

	Requests   int64 `json:"requests"` // OK + Mismatched + Unanswered + Unsent
	OK         int64 `json:"ok"`       // replies that were right
	Mismatched int64 `json:"mismatched"`
	Unanswered int64 `json:"unanswered"` // sent to the last byte, and no whole reply came
	Unsent     int64 `json:"unsent"`     // begun or due, and not sent to the last byte
	Canceled   int64 `json:"canceled"`   // those of Unanswered and Unsent that the context cut short: no errors

	// Success is OK as a part of Requests - Canceled, 0 to 1; 0 if there were none.
	Success float64 `json:"success"`

	BytesSent     int64 `json:"bytes_sent"`     // of requests in OK, Mismatched and Unanswered
	BytesReceived int64 `json:"bytes_received"` // after the warm-up

	// Latency is of the replies that were right: in a closed loop from the sending, in an open loop from the due time.
	Latency Latency  `json:"latency"`
	Open    *Open    `json:"open,omitempty"` // nil in a closed loop
	Errors  []Errors `json:"errors"`         // by kind, those that occurred, in the order of the Kind constants

	// OldestUnanswered is when the oldest request in Unanswered was sent, zero if there is none.
	OldestUnanswered time.Time `json:"oldest_unanswered,omitzero"`
}

// Open is what only an open loop measures.
type Open struct {
	// Service is the time from the sending to the reply, not corrected for coordinated omission.
	Service Latency `json:"service"`
	// Late is how long after its due time this client offered a request to its connection: its own share of the latency.
	Late Latency `json:"late"`
	// Delayed is how many requests found Config.Depth others in flight or waiting on their connection when they were offered.
	Delayed int64 `json:"delayed"`
	// MaxWaiting is the most requests that waited so on one connection.
	MaxWaiting int64 `json:"max_waiting"`
}

// Errors is how often a kind of failure occurred. A request counts under what ended it; so the connection's failure counts as
// often as it cost requests, and once if it cost none, unless it was a plain close (EOF) with nothing in flight.
type Errors struct {
	Kind    Kind   `json:"kind"`
	Count   int64  `json:"count"`
	Example string `json:"example"` // the first that was noticed
}

// Latency summarizes a distribution, with three significant digits; Mean and Max are not rounded. All are 0 if it is empty.
type Latency struct {
	Mean, P50, P90, P99, P999, Max time.Duration
}

// ErrorCount is the number of errors of all kinds.
func (r Result) ErrorCount() int64 {
	var n int64
	for _, e := range r.Errors {
		n += e.Count
	}
	return n
}

// MarshalJSON gives the times in microseconds: mean_us, p50_us, p90_us, p99_us, p999_us, max_us.
func (l Latency) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"mean_us":%.3f,"p50_us":%.3f,"p90_us":%.3f,"p99_us":%.3f,"p999_us":%.3f,"max_us":%.3f}`,
		us(l.Mean), us(l.P50), us(l.P90), us(l.P99), us(l.P999), us(l.Max)), nil
}

func us(d time.Duration) float64 { return float64(d) / 1e3 }

// MarshalJSON adds elapsed_s, in seconds, and error_count.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	return json.Marshal(struct {
		plain
		Elapsed    float64 `json:"elapsed_s"`
		ErrorCount int64   `json:"error_count"`
	}{plain(r), r.Elapsed.Seconds(), r.ErrorCount()})
}
