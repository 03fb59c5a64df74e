package datagram

import (
	"encoding/json"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// A Result is what a run measured. The package doc says what the counts mean. Warm-up datagrams count nowhere.
type Result struct {
	Label   string  `json:"label,omitempty"`
	Role    Role    `json:"role"`
	Loop    string  `json:"loop,omitempty"` // "open", "closed", "flood"; of a sink nothing
	Address string  `json:"address"`
	Sender  Sender  `json:"sender,omitempty"` // of a sink that of who sends to it
	Trains  bool    `json:"trains"`           // datagrams crossed the stack in trains (GSO): not to be compared with others
	Message int     `json:"message_bytes,omitempty"`
	Flows   int     `json:"flows"` // source ports; of a sink those that it saw
	Batch   int     `json:"batch,omitempty"`
	Depth   int     `json:"depth,omitempty"` // of a closed loop
	Rate    float64 `json:"rate"`            // datagrams a second that were asked for
	Profile string  `json:"profile,omitempty"`

	Elapsed time.Duration `json:"-"` // elapsed_s: from the end of the warm-up to the last datagram, or the end of Config.Duration if that is later

	Sent       int64   `json:"sent"`
	SentRate   float64 `json:"sent_per_s"`
	Unsent     int64   `json:"unsent"` // due or begun, and not sent
	Received   int64   `json:"received"`
	PPS        float64 `json:"received_per_s"`
	Lost       int64   `json:"lost"`
	Loss       float64 `json:"loss"` // Lost / Sent, 0 to 1
	Duplicates int64   `json:"duplicates"`
	Reordered  int64   `json:"reordered"`
	Displaced  int64   `json:"displaced"` // sequence numbers
	Stale      int64   `json:"stale"`
	Corrupt    int64   `json:"corrupt"`
	Foreign    int64   `json:"foreign"`
	Unended    int64   `json:"unended"` // of a sink: flows of which it does not know how much they have sent
	Overrun    int64   `json:"overrun"` // of the raw senders: frames that the driver had no room for. They count as sent, and are lost
	Drops      int64   `json:"drops"`   // of this process's sockets; -1 when the system does not say
	Buffer     int     `json:"receive_buffer,omitempty"`

	BytesSent     int64 `json:"bytes_sent"` // payload
	BytesReceived int64 `json:"bytes_received"`

	Latency *latency.Summary `json:"latency,omitempty"` // nil when nothing was received, or when the clocks differ
	Service *latency.Summary `json:"service,omitempty"` // as Latency
	Late    *latency.Summary `json:"late,omitempty"`    // of an open loop
	CPU     CPU              `json:"cpu"`

	Errors  int64  `json:"error_count"`       // calls that failed
	Refused int64  `json:"refused"`           // of these: ICMP messages, such as that nothing listens
	Example string `json:"example,omitempty"` // the first error
	Wrong   string `json:"wrong,omitempty"`   // the first that was corrupt

	Phases       []PhaseResult      `json:"phases,omitempty"`
	Distribution []latency.Quantile `json:"distribution,omitempty"`
	Timeline     []latency.Step     `json:"timeline,omitempty"` // replies by the time at which they came
}

// A PhaseResult is what was measured of the datagrams that were due within a phase of a profile.
type PhaseResult struct {
	Phase    string          `json:"phase"`
	Due      int64           `json:"due"`
	Received int64           `json:"received"`
	Latency  latency.Summary `json:"latency"`
}

type plainResult Result

// MarshalJSON adds elapsed_s, in seconds.
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainResult
		Elapsed float64 `json:"elapsed_s"`
	}{plainResult(r), r.Elapsed.Seconds()})
}

// result adds up what was measured. Nothing is under way any more.
func (r *run) result(socks *sockets) Result {
	cfg := r.cfg
	res := Result{
		Label: cfg.Label, Role: cfg.Role, Address: cfg.to.String(), Rate: cfg.Rate, Profile: cfg.Profile.String(), CPU: r.cpu.read(),
	}
	if r.sender != nil {
		r.addSender(&res)
	}
	if r.intake != nil {
		r.intake.add(&res)
		res.Drops, res.Buffer = socks.drops(), socks.grant
	}
	if res.Sent > 0 && r.intake != nil {
		res.Lost = res.Sent - res.Received
		res.Loss = float64(res.Lost) / float64(res.Sent)
	}
	if s := res.Elapsed.Seconds(); s > 0 {
		if cfg.Role == Sink { // which has waited for the first datagram, and behind the last
			res.CPU.Cores = res.CPU.Seconds / s
		}
		res.SentRate, res.PPS = float64(res.Sent)/s, float64(res.Received)/s
	}
	return res
}

func (r *run) addSender(res *Result) {
	cfg, s := r.cfg, r.sender
	res.Sender, res.Trains, res.Message, res.Flows, res.Batch = cfg.Sender, cfg.Sender == GSO, cfg.Message, cfg.Flows, cfg.Batch
	switch {
	case r.schedule != nil:
		late := s.late.Summary()
		res.Loop, res.Late = "open", &late
	case cfg.Role == Echo:
		res.Loop, res.Depth = "closed", cfg.Depth
	default:
		res.Loop = "flood"
	}
	res.Sent, res.Unsent, res.BytesSent = s.counted.Load(), s.unsent, s.bytes
	res.Refused, res.Errors, res.Example = s.refused, s.refused+s.failed, s.example
	if raw, ok := s.out.(interface{ overran() int64 }); ok {
		res.Overrun = raw.overran()
	}
	last := s.lastSent
	if r.schedule != nil && res.Unsent == 0 && r.ctx.Err() == nil {
		last = max(last, r.end) // the last one, too, had an interval of its own
	}
	res.Elapsed = time.Duration(max(0, last-r.from))
}

// add is what was received.
func (in *intake) add(res *Result) {
	in.mu.Lock()
	defer in.mu.Unlock()
	r := in.r
	for _, s := range in.streams {
		res.Received += int64(s.received)
		res.Duplicates += int64(s.duplicates)
		res.Reordered += int64(s.reordered)
		res.Stale += int64(s.stale)
		res.Displaced = max(res.Displaced, int64(s.moved))
		if r.cfg.Role == Sink {
			in.addStream(res, s)
		}
	}
	res.Corrupt, res.Foreign, res.Wrong, res.BytesReceived = in.corrupt, in.foreign, in.example, in.bytes
	res.Refused += in.refused
	res.Errors += in.refused
	if res.Example == "" {
		res.Example = in.refusal
	}
	if r.cfg.Role == Sink {
		in.addRuns(res)
	} else if in.last > 0 {
		res.Elapsed = max(res.Elapsed, time.Duration(in.last-r.start-r.from))
	}
	in.addLatency(res)
}

func (in *intake) addStream(res *Result, s *stream) {
	res.Flows++
	if !s.ended {
		res.Unended++
	}
	res.Sent += int64(max(s.total, s.next))
}

func (in *intake) addRuns(res *Result) {
	for _, s := range in.runs {
		res.Unended += int64(max(0, s.flows-len(in.streams))) // of which nothing came at all
	}
	if in.sender >= 0 {
		res.Sender = Senders[in.sender]
		res.Trains = res.Sender == GSO
	}
	res.Elapsed = time.Duration(in.last - in.first)
}

func (in *intake) addLatency(res *Result) {
	if in.unclocked || res.Received == 0 {
		return
	}
	whole := latency.NewHistogram()
	for i, h := range in.latency {
		whole.Merge(h)
		in.addPhase(res, i, h)
	}
	l, s := whole.Summary(), in.service.Summary()
	res.Latency, res.Service = &l, &s
	res.Distribution, res.Timeline = whole.Quantiles(), in.overTime.Steps(res.Elapsed)
}

func (in *intake) addPhase(res *Result, i int, h *latency.Histogram) {
	r := in.r
	if len(r.cfg.Profile) == 0 {
		return
	}
	begin := int64(r.cfg.Profile[:i].Length())
	if begin < r.from {
		return
	}
	p := r.cfg.Profile[i]
	due := r.schedule.First(min(begin+int64(p.Length), r.end)) - r.schedule.First(min(begin, r.end))
	res.Phases = append(res.Phases, PhaseResult{Phase: p.String(), Due: due, Received: h.Count(), Latency: h.Summary()})
}
