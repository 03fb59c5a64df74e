package compare

import (
	"context"
	"fmt"
	"time"
)

// A Measurement is one run of one variant.
type Measurement struct {
	Variant string `json:"variant"`
	Round   int    `json:"round"` // counted from 1

	Messages   int64   `json:"messages"`
	Wrong      int64   `json:"wrong"`
	Seconds    float64 `json:"seconds"`
	Throughput float64 `json:"throughput"` // messages a second

	CPU        float64 `json:"cpu_us"`     // of the server, user and system, in microseconds a message
	Busy       float64 `json:"busy"`       // processors that the server had at work on average
	Processors int     `json:"processors"` // that it may have at work at a time
	Allocs     float64 `json:"allocs"`     // of the server's Go heap, for each message
	Resident   float64 `json:"resident"`   // bytes of the server at the end

	LoadBusy       float64 `json:"load_busy"`
	LoadProcessors int     `json:"load_processors"`
	Rate           float64 `json:"rate"`    // that an open loop had to send; 0 in a closed one
	Late           float64 `json:"late_us"` // see Outcome

	Latency []Quantile `json:"latency"`
}

// measure runs one variant once.
func (l *lab) measure(ctx context.Context, v *VariantReport) (Measurement, error) {
	server, err := start(l.dir, part{Comparison: l.cfg.Name, Role: serving, Variant: v.Name}, l.servers)
	if err != nil {
		return Measurement{}, err
	}
	defer func() { server.end(farewell) }()
	hello, err := server.await(ctx)
	if err != nil {
		return Measurement{}, err
	}
	v.Graph = hello.Graph
	load, err := start(l.dir, part{Comparison: l.cfg.Name, Role: loading, Variant: v.Name, Address: hello.Address}, l.loads)
	if err != nil {
		return Measurement{}, err
	}
	defer func() { load.end(0) }()
	ctx, cancel := context.WithTimeoutCause(ctx, l.cfg.warmup()+l.cfg.Duration+patience,
		fmt.Errorf("compare: %s does not end %v after its time", load.what, patience))
	defer cancel()
	seen := sighting{variant: v.Name}
	for !seen.complete() {
		if err := seen.next(ctx, server, load); err != nil {
			return Measurement{}, err
		}
	}
	return seen.measurement()
}

// A sighting is what the two processes of a run have said.
type sighting struct {
	variant      string
	server, load []usage // at the begin and at the end
	outcome      *Outcome
	loadHasEnded bool
}

func (s *sighting) complete() bool { return s.outcome != nil && len(s.server) == 2 && len(s.load) == 2 }

// next takes one message.
func (s *sighting) next(ctx context.Context, server, load *process) error {
	from := load.got
	if s.loadHasEnded {
		from = nil
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case m, ok := <-server.got:
		if !ok {
			return s.silent(ctx, server)
		}
		if m.Kind == looked && m.Usage != nil {
			s.server = append(s.server, *m.Usage)
		}
	case m, ok := <-from:
		switch {
		case !ok && s.outcome == nil:
			return s.silent(ctx, culprit(server, load))
		case !ok && len(s.load) < 2:
			return fmt.Errorf("compare: the load of %q has not called Begin and End once each", s.variant)
		case !ok:
			s.loadHasEnded = true
		case m.Kind == outcome:
			s.outcome = m.Outcome
		case m.Usage != nil && len(s.load) < 2:
			s.load = append(s.load, *m.Usage)
			return server.wire.say(message{Kind: look})
		}
	}
	return nil
}

// culprit is the server when it has ended, too: then the load could not but fail.
func culprit(server, load *process) *process {
	select {
	case <-server.done:
		return server
	case <-time.After(aftermath):
		return load
	}
}

// aftermath is how much later than the load's the end of the server may be noticed.
const aftermath = 100 * time.Millisecond

// silent is the error of a process that ended before its time, unless it was ended.
func (s *sighting) silent(ctx context.Context, p *process) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return p.failure()
}

// measurement puts together what was seen. The two processes look at their usage at slightly different times, so what the
// server used is taken for a second of its own clock.
func (s *sighting) measurement() (Measurement, error) {
	o, from, to := s.outcome, s.server[0], s.server[1]
	passed := to.At.Sub(from.At)
	if passed <= 0 {
		return Measurement{}, fmt.Errorf("compare: the load of %q has called Begin and End at the same time", s.variant)
	}
	rate := float64(o.Messages) / o.Elapsed.Seconds()
	return Measurement{
		Variant: s.variant, Messages: o.Messages, Wrong: o.Wrong, Seconds: o.Elapsed.Seconds(), Throughput: rate,
		CPU: 1e6 * busy(from, to) / rate, Busy: busy(from, to), Processors: to.Processors,
		Allocs: float64(to.Allocs-from.Allocs) / passed.Seconds() / rate, Resident: float64(to.Resident),
		LoadBusy: busy(s.load[0], s.load[1]), LoadProcessors: s.load[1].Processors,
		Rate: o.Rate, Late: float64(o.Late) / float64(time.Microsecond), Latency: o.Latency,
	}, nil
}
