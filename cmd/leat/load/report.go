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
func (c *conn) report(res *Result, failed failures) (lasted bool) {
	unanswered, unsent := max(0, c.inFlight()), c.lost
	if c.r.open() {
		unsent = c.due.Load() - c.sent.Load()
		if c.cause == nil {
			unsent = c.leftUnsent()
		}
	}
	res.Unanswered += unanswered
	res.Unsent += unsent
	if unanswered > 0 {
		res.unansweredSince(c.r.epoch.Add(time.Duration(c.sentAt[c.acked.Load()%int64(len(c.sentAt))])))
	}
	switch kind := kindOf(c.cause); {
	case c.cut:
		res.Canceled += unanswered + unsent
	case c.cause == nil:
		failed.add(Backlog, unsent, c.backlogText(unsent))
	case kind == EOF && unanswered+unsent == 0:
		res.ConnsLost++
	default:
		res.ConnsLost++
		failed.add(kind, max(1, unanswered+unsent), c.epitaph())
	}
	return c.cause == nil
}

// epitaph says how the connection ended.
func (c *conn) epitaph() string {
	s := fmt.Sprintf("%s, after %d replies", c.name(), c.acked.Load())
	if n := c.inFlight(); n > 0 {
		s += fmt.Sprintf(" and with %d requests in flight", n)
	}
	if n := c.replies.Partial(); n > 0 {
		s += fmt.Sprintf(", %d bytes into a reply", n)
	}
	return s + ": " + c.cause.Error()
}

// report implements client.
func (b *borrower) report(res *Result, failed failures) (lasted bool) {
	left := b.leftUnsent()
	if b.r.ctx.Err() != nil {
		b.canceled += left
	} else if left > 0 {
		failed.add(Backlog, left, b.backlogText(left))
	}
	res.Unanswered += b.unanswered
	res.Unsent += b.unsent + left
	res.Canceled += b.canceled
	if b.unanswered > 0 {
		res.unansweredSince(b.r.epoch.Add(time.Duration(b.oldest)))
	}
	failed.merge(b.failed)
	return b.r.ctx.Err() == nil
}
