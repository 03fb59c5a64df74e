package load

import (
	"fmt"
	"time"
)

// result adds up what the shards, connections and pacers have. Nothing of the run is under way any more.
func (r *run) result(d *dialer) Result {
	res := Result{
		Address: r.cfg.Address, Protocol: r.cfg.Protocol, Reply: r.cfg.Reply, Message: r.cfg.Message,
		Loop: "closed", Depth: r.cfg.Depth, Rate: r.cfg.Rate, Conns: len(r.conns),
	}
	failed := newFailures()
	if d.failed > 0 {
		failed.add(DialFailed, d.failed, d.err.Error())
	}
	lastDone := r.addShards(&res, failed)
	ended := r.addConns(&res, failed)
	if r.open() {
		r.addPacers(&res)
	}

	res.Requests = res.OK + res.Mismatched + res.Unanswered + res.Unsent
	res.BytesSent = (res.OK + res.Mismatched + res.Unanswered) * int64(r.wire)
	if asked := res.Requests - res.Canceled; asked > 0 {
		res.Success = float64(res.OK) / float64(asked)
	}
	res.Elapsed = time.Duration(max(0, max(min(r.end, ended), lastDone)-r.from))
	if res.Elapsed > 0 {
		res.RPS = float64(res.OK) / res.Elapsed.Seconds()
	}
	res.Errors = failed.list()
	return res
}

func (r *run) addShards(res *Result, failed failures) (lastDone int64) {
	latency := newHistogram()
	for _, s := range r.shards {
		res.OK += s.ok
		res.Mismatched += s.wrong
		res.BytesReceived += s.bytesIn
		failed.add(Mismatch, s.wrong, s.example)
		latency.merge(s.latency)
		lastDone = max(lastDone, s.lastDone)
	}
	res.Latency = latency.summary()
	return lastDone
}

func (r *run) addConns(res *Result, failed failures) (ended int64) {
	for _, c := range r.conns {
		ended = max(ended, c.endedAt)
		unanswered, unsent := max(0, c.inFlight()), c.lost
		if r.open() {
			due := c.due.Load()
			if c.cause == nil {
				due = c.scheduled()         // the pacer itself may have been too late
				ended = max(ended, c.r.end) // its last request, too, had an interval of its own
			}
			unsent = due - c.sent.Load()
		}
		res.Unanswered += unanswered
		res.Unsent += unsent
		if unanswered > 0 {
			sentAt := r.epoch.Add(time.Duration(c.sentAt[c.acked.Load()%int64(len(c.sentAt))]))
			if res.OldestUnanswered.IsZero() || sentAt.Before(res.OldestUnanswered) {
				res.OldestUnanswered = sentAt
			}
		}
		switch kind := kindOf(c.cause); {
		case c.cut:
			res.Canceled += unanswered + unsent
		case c.cause == nil:
			failed.add(Backlog, unsent, fmt.Sprintf("connection %d: %d requests were due and not sent", c.id, unsent))
		case kind == EOF && unanswered+unsent == 0:
			res.ConnsLost++
		default:
			res.ConnsLost++
			failed.add(kind, max(1, unanswered+unsent), c.epitaph())
		}
	}
	return ended
}

func (r *run) addPacers(res *Result) {
	service, late := newHistogram(), newHistogram()
	for _, s := range r.shards {
		service.merge(s.service)
	}
	for _, p := range r.pacers {
		late.merge(p.late)
	}
	res.Loop = "open"
	res.Open = &Open{Service: service.summary(), Late: late.summary()}
	for _, c := range r.conns {
		res.Open.Delayed += c.delayed
		res.Open.MaxWaiting = max(res.Open.MaxWaiting, c.waiting)
	}
}

// epitaph says how the connection ended.
func (c *conn) epitaph() string {
	s := fmt.Sprintf("connection %d, after %d replies", c.id, c.acked.Load())
	if n := c.inFlight(); n > 0 {
		s += fmt.Sprintf(" and with %d requests in flight", n)
	}
	if n := c.replies.partial(); n > 0 {
		s += fmt.Sprintf(", %d bytes into a reply", n)
	}
	return s + ": " + c.cause.Error()
}

func (f failures) list() []Errors {
	list := []Errors{}
	for _, k := range kinds {
		if f.count[k] > 0 {
			list = append(list, Errors{k, f.count[k], f.example[k]})
		}
	}
	return list
}
