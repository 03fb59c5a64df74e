package load

import (
	"fmt"
	"time"
)

// leftUnsent is how many requests of the schedule a user that ended in good order has not sent; the pacer itself may have been too
// late for some.
func (u *user) leftUnsent() int64 {
	if !u.r.open() {
		return 0
	}
	return u.scheduled() - u.sent.Load()
}

// unansweredSince notes that a request sent at a time is unanswered.
func (res *Result) unansweredSince(at time.Time) {
	if res.OldestUnanswered.IsZero() || at.Before(res.OldestUnanswered) {
		res.OldestUnanswered = at
	}
}

func (u *user) backlogText(n int64) string {
	return fmt.Sprintf("%s: %d requests were due and not sent", u.name(), n)
}

// report implements client.
func (k *keeper) report(res *Result, failed failures) (lasted bool) {
	unanswered, unsent := max(0, k.inFlight()), k.lost
	if k.r.open() {
		unsent = k.due.Load() - k.sent.Load()
		if k.cause == nil {
			unsent = k.leftUnsent()
		}
	}
	res.Unanswered += unanswered
	res.Unsent += unsent
	if unanswered > 0 {
		res.unansweredSince(k.r.epoch.Add(time.Duration(k.oldest())))
	}
	switch kind := kindOf(k.cause); {
	case k.cut:
		res.Canceled += unanswered + unsent
	case k.cause == nil:
		failed.add(Backlog, unsent, k.backlogText(unsent))
	case kind == EOF && unanswered+unsent == 0:
		res.ConnsLost++
	default:
		res.ConnsLost++
		failed.add(kind, max(1, unanswered+unsent), k.epitaph())
	}
	return k.cause == nil
}

// epitaph says how the connection ended.
func (k *keeper) epitaph() string {
	s := fmt.Sprintf("%s, after %d replies", k.name(), k.acked.Load())
	if n := k.inFlight(); n > 0 {
		s += fmt.Sprintf(" and with %d requests in flight", n)
	}
	if n := k.replies.Partial(); n > 0 {
		s += fmt.Sprintf(", %d bytes into a reply", n)
	}
	return s + ": " + k.cause.Error()
}

// report implements client.
func (s *sharer) report(res *Result, failed failures) (lasted bool) {
	left := s.leftUnsent()
	if s.r.ctx.Err() != nil {
		s.canceled += left
	} else if left > 0 {
		failed.add(Backlog, left, s.backlogText(left))
	}
	res.Unanswered += s.unanswered
	res.Unsent += s.unsent + left
	res.Canceled += s.canceled
	if s.unanswered > 0 {
		res.unansweredSince(s.r.epoch.Add(time.Duration(s.since)))
	}
	failed.merge(s.failed)
	return s.r.ctx.Err() == nil
}
