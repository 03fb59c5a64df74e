package load

// take asks for leave to begin up to n requests at now and returns how many are granted. If it will never grant any more it sets
// stopped.
func (u *user) take(n, now int64) int64 {
	r := u.r
	switch {
	case r.open() && now >= r.last, !r.open() && now >= r.end:
		u.stopped.Store(true)
		return 0
	case r.open():
		return min(n, u.backlog())
	case r.cfg.Requests == 0 || now < r.from:
		return n
	}
	n = min(n, n+r.budget.Add(-n))
	if n <= 0 {
		u.stopped.Store(true)
	}
	return n
}

// compose makes n requests, which are begun at now. They lie on the desk.
func (u *user) compose(n, now int64) batch {
	first := u.sent.Load()
	b, ends := u.desk.out.bytes[:0], u.desk.out.ends[:0]
	for i := range n {
		u.sentAt[(first+i)%int64(len(u.sentAt))] = now
		b = u.requests.Append(b)
		ends = append(ends, len(b))
	}
	if now >= u.r.from {
		u.bytesOut += int64(len(b))
	}
	u.sent.Store(first + n)
	return batch{b, ends}
}
