//go:build linux

package drive

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/cmd/leat/load/latency"
)

// burst is how many messages that are due are sent before the loop looks for answers again.
const burst = 64

// open sends message k at k/Rate seconds, on the connections in turn. The loop never sleeps, which would be late by tens of
// microseconds. It yields instead: the backend of a proxy, which may share its processor, would wait for milliseconds.
func (c *client) open() (res Result, err error) {
	if c.Rate <= 0 {
		return res, errors.New("an open loop needs a rate")
	}
	fds, err := c.dialAll()
	if err != nil {
		return res, err
	}
	s := schedule{every: 1e9 / c.Rate, conns: int64(c.Conns), from: c.Warm.Nanoseconds(), slowness: latency.NewHistogram()}
	s.total = int64(float64((c.Warm + c.Length).Nanoseconds()) / s.every)
	s.peers = make([]peer, slices.Max(fds)+1)
	for i, fd := range fds {
		s.peers[fd].index = int64(i)
	}
	message, began, sent, counting := Pattern(1), time.Now(), int64(0), false
	for {
		now := time.Since(began)
		for n := 0; n < burst && sent < s.total && s.due(sent) <= now.Nanoseconds(); n++ {
			if err := send(fds[sent%s.conns], message); err != nil {
				return res, fmt.Errorf("the server does not keep up: %w", err)
			}
			sent++
		}
		if err := c.answers(&s, began); err != nil {
			return res, err
		}
		switch {
		case !counting && now > c.Warm:
			if c.cpu, err = c.spent(); err != nil {
				return res, err
			}
			counting = true
		case s.answered == s.total:
			sum := s.slowness.Summary()
			res, err = c.result(s.slowness.Count(), now-c.Warm)
			res.Mean, res.P50, res.P99, res.P999 = sum.Mean, sum.P50, sum.P99, sum.P999
			return res, err
		case now > c.Warm+c.Length+silence:
			return res, fmt.Errorf("%d of %d messages were not answered", s.total-s.answered, s.total)
		}
	}
}

// schedule is what was sent when, which needs no memory of single messages: they are due at regular times.
type schedule struct {
	every    float64 // ns between messages
	conns    int64
	total    int64 // messages in all
	answered int64
	from     int64 // ns, when counting begins
	peers    []peer
	slowness *latency.Histogram
}

// peer is a connection, by descriptor.
type peer struct {
	index int64 // of its first message
	bytes int64 // that came back
}

func (s *schedule) due(k int64) int64 { return int64(float64(k) * s.every) }

// came notes n bytes of a connection.
func (s *schedule) came(p *peer, n int, now int64) {
	first := p.bytes / Message
	p.bytes += int64(n)
	for k := first; k < p.bytes/Message; k++ {
		s.answered++
		if due := s.due(p.index + k*s.conns); due >= s.from {
			s.slowness.Record(now - due)
		}
	}
}

// answers takes what has come.
func (c *client) answers(s *schedule, began time.Time) error {
	n, err := unix.EpollWait(c.ep, c.events, 0)
	if err != nil && err != unix.EINTR {
		return err
	}
	if n <= 0 {
		_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // cannot fail
		return nil
	}
	for _, ev := range c.events[:n] {
		n, err := receive(int(ev.Fd), c.buf)
		if err != nil {
			return err
		}
		s.came(&s.peers[ev.Fd], n, time.Since(began).Nanoseconds())
	}
	return nil
}
