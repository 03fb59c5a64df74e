package load

import (
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// result adds up what the shards, users and pacers have. Nothing of the run is under way any more.
func (r *run) result(d *dialer) Result {
	res := r.describe()
	failed := newFailures()
	if d.failed > 0 {
		failed.add(dialKind(d.err), d.failed, d.err.Error())
	}
	book := r.addShards(&res, failed)
	ended := r.addUsers(&res, failed)
	if r.open() {
		r.addPacers(&res)
	}
	connect := book.connect
	if !r.cfg.pooled() {
		connect = latency.NewHistogram()
		for _, h := range d.took {
			connect.Merge(h)
		}
	}
	res.Connect = connect.Summary()
	if r.cfg.pooled() {
		res.Conns, res.ConnsLost = int(r.shared.opened.Load()), int(r.shared.lost.Load())
	}

	res.Requests = res.OK + res.Mismatched + res.Unanswered + res.Unsent
	if asked := res.Requests - res.Canceled; asked > 0 {
		res.Success = float64(res.OK) / float64(asked)
	}
	res.Elapsed = time.Duration(max(0, max(min(r.end, ended), book.lastDone)-r.from))
	res.RPS = perElapsed(res.OK, res.Elapsed)
	res.Latency = book.whole.Summary()
	res.Distribution = book.whole.Quantiles()
	res.Timeline = book.overTime.Steps(res.Elapsed)
	res.Errors = append(failed.list(), book.refused.list()...)
	r.addAddresses(&res, d)
	r.addPhases(&res)
	return res
}

// describe is the part of a result that was known before.
func (r *run) describe() Result {
	cfg, spec := r.cfg, r.cfg.spec
	res := Result{
		Label: cfg.Label, Loop: "closed", Address: cfg.Address, Driver: cfg.Driver, Loops: cfg.Loops,
		Protocol: spec.Protocol, Reply: spec.Reply, Request: spec.Request, Keys: spec.Keys, Zipf: spec.Zipf, Message: spec.Message,
		Depth: cfg.Depth, Rate: cfg.Rate, Profile: cfg.Profile.String(), Users: len(r.clients), Pool: cfg.Pool, Conns: r.opened,
	}
	if r.open() {
		res.Loop = "open"
	}
	return res
}

// A book is what several shards hold together.
type book struct {
	whole, connect *latency.Histogram
	overTime       *latency.Timeline
	ok, wrong      int64
	refused        refusals
	lastDone       int64
}

// read adds up the shards for which want returns true.
func (r *run) read(want func(*shard) bool) book {
	b := book{whole: latency.NewHistogram(), connect: latency.NewHistogram(), overTime: latency.NewTimeline(), refused: refusals{}}
	for _, s := range r.shards {
		if !want(s) {
			continue
		}
		for _, h := range s.latency {
			b.whole.Merge(h)
		}
		b.connect.Merge(s.connect)
		b.overTime.Merge(s.overTime)
		b.ok += s.ok
		b.wrong += s.wrong
		for text, n := range s.refused {
			b.refused.add([]byte(text), n)
		}
		b.lastDone = max(b.lastDone, s.lastDone)
	}
	return b
}

func (r *run) addShards(res *Result, failed failures) book {
	b := r.read(func(*shard) bool { return true })
	res.OK, res.Mismatched, res.ErrorReplies = b.ok, b.wrong, b.refused.total()
	for _, s := range r.shards {
		res.BytesReceived += s.bytesIn
		failed.add(Mismatch, s.wrong-s.refused.total(), s.example)
	}
	return b
}

func (r *run) addUsers(res *Result, failed failures) (ended int64) {
	for _, c := range r.clients {
		u := c.account()
		ended = max(ended, u.endedAt)
		res.BytesSent += u.bytesOut
		if lasted := c.report(res, failed); lasted && r.open() {
			ended = max(ended, r.end) // its last request, too, had an interval of its own
		}
	}
	return ended
}

func (r *run) addPacers(res *Result) {
	service, late := latency.NewHistogram(), latency.NewHistogram()
	for _, s := range r.shards {
		service.Merge(s.service)
	}
	for _, p := range r.pacers {
		late.Merge(p.late)
	}
	res.Open = &Open{Service: service.Summary(), Late: late.Summary()}
	for _, c := range r.clients {
		u := c.account()
		res.Open.Delayed += u.delayed
		res.Open.MaxWaiting = max(res.Open.MaxWaiting, u.waiting)
	}
}
