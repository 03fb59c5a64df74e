package streams

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// A Result is what a run measured. Times in its JSON form are numbers with their unit in the name.
type Result struct {
	Label   string  `json:"label,omitempty"`
	Loop    string  `json:"loop"` // "closed" or "open"
	Address string  `json:"address"`
	Conns   int     `json:"connections"`
	Streams int     `json:"streams"`
	Request string  `json:"request"`
	Message int     `json:"message_bytes"`
	Reply   string  `json:"reply"`
	Rate    float64 `json:"rate"` // requests a second that were asked for; 0 in a closed loop

	Elapsed time.Duration `json:"-"`   // elapsed_s: from the first request that counts to the last reply
	Setup   time.Duration `json:"-"`   // setup_s: until all connections were ready
	RPS     float64       `json:"rps"` // OK / Elapsed

	Requests   int64   `json:"requests"` // OK + Mismatched + Unanswered
	OK         int64   `json:"ok"`       // replies that were what they must be
	Mismatched int64   `json:"mismatched"`
	Unanswered int64   `json:"unanswered"`
	Success    float64 `json:"success"` // OK as a part of Requests, 0 to 1
	ErrorCount int64   `json:"error_count"`
	Errors     []Error `json:"errors"` // the most frequent first

	Latency latency.Summary  `json:"latency"`        // of the right replies: from the sending, in an open loop from the due time
	Late    *latency.Summary `json:"late,omitempty"` // open loop: how long after its due time a request was sent
}

// An Error is how often there was one.
type Error struct {
	Text  string `json:"text"`
	Count int64  `json:"count"`
}

// MarshalJSON adds elapsed_s and setup_s, in seconds.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	return json.Marshal(struct {
		plain
		Elapsed float64 `json:"elapsed_s"`
		Setup   float64 `json:"setup_s"`
	}{plain(r), r.Elapsed.Seconds(), r.Setup.Seconds()})
}

func (r *run) result(elapsed, setup time.Duration) Result {
	cfg := &r.cfg
	res := Result{
		Label: cfg.Label, Loop: "closed", Address: cfg.Address, Conns: cfg.Conns, Streams: cfg.Streams, Request: cfg.Request, Message: cfg.Message, Reply: cfg.Reply,
		Rate: cfg.Rate, Elapsed: elapsed, Setup: setup, ErrorCount: r.failed.all,
		Errors: []Error{},
	}
	all, late := latency.NewHistogram(), latency.NewHistogram()
	for i := range r.books {
		b := &r.books[i]
		res.OK += b.ok
		res.Mismatched += b.mismatched
		res.Unanswered += b.unanswered
		all.Merge(b.latency)
		late.Merge(b.late)
	}
	res.Latency = all.Summary()
	if cfg.Rate > 0 {
		s := late.Summary()
		res.Loop, res.Late = "open", &s
	}
	if res.Requests = res.OK + res.Mismatched + res.Unanswered; res.Requests > 0 {
		res.Success = float64(res.OK) / float64(res.Requests)
	}
	if elapsed > 0 {
		res.RPS = float64(res.OK) / elapsed.Seconds()
	}
	for text, n := range r.failed.of {
		res.Errors = append(res.Errors, Error{text, n})
	}
	slices.SortFunc(res.Errors, func(a, b Error) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text)) })
	return res
}
