package sinks_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

func TestStreamsComeOutAsTheyWentInWithTLS(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			s.version = version
			ln := listening(t)
			b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, s.options(), tcp.SendBuffer(8<<10), tcp.ReceiveBuffer(8<<10))
			for i, pair := range [][2]string{{"trickle", "uneven"}, {"bulk", "bursts"}, {"bursts", "trickle"}, {"steady", "bulk"}, {"uneven", "uneven"}} {
				size := int64(2 << 20)
				if i%2 == 0 {
					size = 128 << 10
				}
				t.Run(fmt.Sprintf("%s %s", tls.VersionName(version), strings.Join(pair[:], " to ")), func(t *testing.T) {
					c, far := s.open(b, ln)
					between(t, b, c, far, uint64(2*i), size, size/2+int64(i), courses[pair[0]], courses[pair[1]])
				})
			}
			equal(t, "held at the end", b.gauge("bytes held"), 0)
			if s.terminate || s.originate {
				equal(t, "spliced", b.gauge("bytes spliced"), 0)
			}
		}
	})
}

func TestHalfCloseInBothOrdersWithTLS(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		s.sides(func(_ string, b *bore, one, two stream) {
			say(t, one, "before")
			one.CloseWrite()
			hear(t, two, "before")
			hearEnd(t, two)
			for range 3 {
				say(t, two, "behind")
				hear(t, one, "behind")
			}
			two.CloseWrite()
			hearEnd(t, one)
			equal(t, "reason", b.record().Reason, nil)
			equal(t, "held", b.gauge("bytes held"), 0)
		})
	})
}

// An end that the peer has not said may be somebody else's, so it is not passed on as one.
func TestATruncatedStreamIsPassedOnAsAReset(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		s.sides(func(who string, b *bore, from, to stream) {
			if _, secure := from.(*tls.Conn); !secure {
				return
			}
			say(t, from, "last words")
			cut(from)
			hear(t, to, "last words")
			hearCut(t, to)
			r := b.record()
			equal(t, "label", stage.LabelOf(r.Reason), "truncated")
			if !strings.Contains(r.Reason.Error(), "the "+who) {
				t.Error(r.Reason)
			}
			equal(t, "ended", b.gauge("ended: truncated"), 1)
		})
	})
}

func TestAResetIsPassedOnAsAResetWithTLS(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		s.sides(func(who string, b *bore, from, to stream) {
			say(t, from, "last words")
			hear(t, to, "last words")
			reset(from)
			hearCut(t, to)
			equal(t, "label", stage.LabelOf(b.record().Reason), who+" reset")
		})
	})
}

func TestGarbageBehindTheHandshakeIsMalformed(t *testing.T) {
	s := suited(t, true, false)
	ln := listening(t)
	b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, s.options())
	c, far := s.open(b, ln)
	say(t, c.(*tls.Conn).NetConn(), strings.Repeat("garbage", 10))
	hearCut(t, far)
	equal(t, "label", stage.LabelOf(b.record().Reason), "malformed")
}

// What TLS has encrypted for a side that takes nothing counts as held, the other side stops, and the stall is cut.
func TestASideOfTLSThatTakesNothingIsCut(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		for _, who := range []string{"client", "backend"} {
			ln := listening(t)
			b := boringWith(t, sinks.Fixed(ln.address()), patience, func(l *sinks.TunnelLimits) { l.WriteStall = 300 * time.Millisecond },
				s.options(), tcp.SendBuffer(8<<10), tcp.ReceiveBuffer(8<<10))
			c, far := s.open(b, ln)
			from := c
			if who == "client" { // which is deaf
				from = far
			}
			done := make(chan struct{})
			go func() { defer close(done); _, _ = io.Copy(from, zeros{}) }()
			b.until("something is held", func() bool { return b.gauge("bytes held") > 0 || b.gauge("pipes") > 0 })
			equal(t, "reason", b.record().Reason, error(stage.ErrWriteTimeout))
			<-done
			b.until("nothing is held", func() bool { return b.gauge("bytes held") == 0 })
		}
	})
}

// A farewell for which there is no room is said later.
func TestTheEndWaitsBehindWhatIsHeld(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		ln := listening(t)
		b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, s.options(), tcp.SendBuffer(8<<10))
		for range 3 {
			c, far := s.open(b, ln)
			const size = 1 << 20
			go func() { _, _ = io.CopyN(far, zeros{}, size); far.CloseWrite() }()
			time.Sleep(20 * time.Millisecond)
			n, err := io.Copy(io.Discard, c)
			if n != size || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			c.CloseWrite()
			hearEnd(t, far)
			equal(t, "reason", b.record().Reason, nil)
		}
	})
}

func TestLimitsHoldWithTLS(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		ln := listening(t)
		b := boringWith(t, sinks.Fixed(ln.address()), patience, func(l *sinks.TunnelLimits) { l.Idle, l.HalfClosed = 400*time.Millisecond, 200*time.Millisecond }, s.options())
		c, far := s.open(b, ln)
		hearCut(t, c)
		hearCut(t, far)
		equal(t, "reason", b.record().Reason, error(stage.ErrIdle))
		c, far = s.open(b, ln)
		c.CloseWrite()
		hearEnd(t, far)
		hearCut(t, c)
		equal(t, "reason", b.record().Reason, error(sinks.ErrHalfClosed))
	})
}
