package load

import (
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// A Result is what a run measured. Its JSON form has the field names of the tags; times there are numbers with their unit in
// the name. The package doc says what the counts mean.
type Result struct {
	Label    string   `json:"label,omitempty"`
	Loop     string   `json:"loop"` // "closed" or "open"
	Address  string   `json:"address"`
	Driver   Driver   `json:"driver"`
	Loops    int      `json:"loops,omitempty"` // of the driver reactor
	Protocol Protocol `json:"protocol"`
	Reply    Reply    `json:"reply,omitempty"`   // not of RESP
	Request  Request  `json:"request,omitempty"` // of RESP, as the next two
	Keys     int      `json:"keys,omitempty"`
	Zipf     float64  `json:"zipf,omitempty"`
	Message  int      `json:"message_bytes"`
	Depth    int      `json:"depth"`
	Rate     float64  `json:"rate"`              // requests a second that were asked for; 0 in a closed loop and with a profile
	Profile  string   `json:"profile,omitempty"` // as profile.Parse reads it

	Users     int  `json:"users"`
	Pool      *int `json:"pool,omitempty"`   // connections that the users shared, 0 if each request had one of its own; nil without a pool
	Conns     int  `json:"connections"`      // opened
	ConnsLost int  `json:"connections_lost"` // ended before the run did, with or without requests in flight; in a pool, failed

	// Elapsed runs from the end of the warm-up to the end of Config.Duration, or, if that was earlier, to the end of the schedule or of the
	// last connection; and on to the last reply if that was later than these.
	Elapsed time.Duration `json:"-"`   // elapsed_s
	RPS     float64       `json:"rps"` // OK / Elapsed

	Requests   int64 `json:"requests"` // OK + Mismatched + Unanswered + Unsent
	OK         int64 `json:"ok"`       // replies that were right
	Mismatched int64 `json:"mismatched"`
	// ErrorReplies is how many of Mismatched were errors that the server answered with.
	ErrorReplies int64 `json:"error_replies"`
	Unanswered   int64 `json:"unanswered"` // sent to the last byte, and no whole reply came
	Unsent       int64 `json:"unsent"`     // begun or due, and not sent to the last byte
	Canceled     int64 `json:"canceled"`   // those of Unanswered and Unsent that the context cut short: no errors

	// Success is OK as a part of Requests - Canceled, 0 to 1; 0 if there were none.
	Success float64 `json:"success"`

	BytesSent     int64 `json:"bytes_sent"`     // after the warm-up
	BytesReceived int64 `json:"bytes_received"` // after the warm-up

	// Latency is of the replies that were right: in a closed loop from the sending, with a Pool from the
	// wish for a connection; in an open loop from the due time.
	Latency Latency `json:"latency"`
	// Connect is the time to get a connection: to open it, or with a Pool to wait for one of those that are shared. With a
	// Pool it is part of Latency.
	Connect Latency  `json:"connect"`
	Open    *Open    `json:"open,omitempty"` // nil in a closed loop
	Errors  []Errors `json:"errors"`         // by kind, those that occurred, in the order of the Kind constants; error replies last, by text

	Phases    []PhaseResult   `json:"phases,omitempty"`    // of a profile, without those that are not counted
	Addresses []AddressResult `json:"addresses,omitempty"` // if there are several

	Distribution []latency.Quantile `json:"distribution"` // of Latency: pairs of the part below and of microseconds
	Timeline     []latency.Step     `json:"timeline"`     // replies and their latency by the time at which they came

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

// A PhaseResult is what was measured of the requests that were due within a phase.
type PhaseResult struct {
	Phase    string        `json:"phase"`
	Length   time.Duration `json:"-"`        // length_s
	Requests int64         `json:"requests"` // that were due in it
	OK       int64         `json:"ok"`
	RPS      float64       `json:"rps"` // OK / Length
	Latency  Latency       `json:"latency"`
}

// An AddressResult is what was measured at one of several addresses.
type AddressResult struct {
	Address    string  `json:"address"`
	OK         int64   `json:"ok"`
	Mismatched int64   `json:"mismatched"`
	RPS        float64 `json:"rps"`
	Connect    Latency `json:"connect"`
	Latency    Latency `json:"latency"`
}

// Errors is how often a kind of failure occurred. A request counts under what ended it; so the connection's failure counts as
// often as it cost requests, and once if it cost none, unless it was a plain close (EOF) with nothing in flight.
type Errors struct {
	Kind    Kind   `json:"kind"`
	Count   int64  `json:"count"`
	Example string `json:"example"` // the first that was noticed
}

// Latency summarizes a distribution.
type Latency = latency.Summary

// ErrorCount is the number of errors of all kinds.
func (r Result) ErrorCount() int64 {
	var n int64
	for _, e := range r.Errors {
		n += e.Count
	}
	return n
}
