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

// compose makes n requests, which are begun at now, and returns their bytes.
func (u *user) compose(n, now int64) []byte {
	first := u.sent.Load()
	b, ends := u.out[:0], u.ends[:0]
	for i := range n {
		u.sentAt[(first+i)%int64(len(u.sentAt))] = now
		b = u.requests.Append(b)
		ends = append(ends, len(b))
	}
	u.ends = ends
	if now >= u.r.from {
		u.bytesOut += int64(len(b))
	}
	u.sent.Store(first + n)
	return b
}

// whole is how many of the requests that compose made lie within the first n bytes.
func (u *user) whole(n int) (requests int64) {
	for _, end := range u.ends {
		if end <= n {
			requests++
		}
	}
	return requests
}
