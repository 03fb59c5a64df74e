package load

import "github.com/leat-io/leat/cmd/leat/load/workload"

// received judges what was read into b at now.
func (u *user) received(b []byte, now int64) error {
	if now >= u.r.from {
		u.seen.bytesIn += int64(len(b))
	}
	err := u.settle(b, now)
	u.seen.turn(now)
	return err
}

// settle judges the replies in b, which was read at now.
func (u *user) settle(b []byte, now int64) error {
	acked := u.acked.Load()
	defer func() { u.acked.Store(acked) }()
	for {
		if b = u.replies.Discard(b); len(b) == 0 {
			return nil
		}
		if acked >= u.sent.Load() {
			return errExtra
		}
		var v workload.Verdict
		if b, v = u.replies.Next(b); v == workload.Incomplete {
			return nil
		}
		sentAt := u.sentAt[acked%int64(len(u.sentAt))]
		began, phase := sentAt, 0
		switch {
		case u.r.open():
			began = u.dueTime(acked)
			phase = u.r.schedule.Phase(began)
		case u.r.cfg.pooled():
			began = u.wanted
		}
		acked++
		switch {
		case v != workload.Right:
			u.wrongReply()
		case began >= u.r.from:
			u.seen.add(now, now-began, now-sentAt, phase)
		}
		if v == workload.Broken {
			return workload.ErrBroken
		}
	}
}

// wrongReply notes that the last reply was not right.
func (u *user) wrongReply() {
	s := u.seen
	s.wrong++
	if text := u.replies.Refusal(); len(text) > 0 {
		if s.refused == nil {
			s.refused = refusals{}
		}
		s.refused.add(text, 1)
	} else if s.example == "" {
		s.example = u.name() + ", " + u.replies.Why()
	}
}
