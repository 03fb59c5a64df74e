package sinks_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
)

func refused(opts ...sinks.TunnelOption) error {
	p := pipeline.New("refused")
	p.From(tcp.Accept("127.0.0.1:0")).To("t", sinks.Tunnel(sinks.Fixed("127.0.0.1:1"), opts...))
	return p.Run(context.Background())
}

// heard is what comes to a mirror, and how it ends.
type heard struct {
	sum [sha256.Size]byte
	n   int64
	err error
}

// mirroring is a mirror that answers what it hears, and ends when its client does.
func mirroring(t *testing.T) (address string, all chan heard) {
	ln := listening(t)
	all = make(chan heard, 100)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				sum := sha256.New()
				n, err := io.Copy(io.MultiWriter(sum, c), c)
				h := heard{n: n, err: err}
				sum.Sum(h.sum[:0])
				all <- h
			}()
		}
	}()
	return ln.address(), all
}

func receiveHeard(t *testing.T, all chan heard) heard {
	t.Helper()
	select {
	case h := <-all:
		return h
	case <-time.After(patience):
		t.Fatal("the mirror has not heard the end")
		return heard{}
	}
}

func TestAMirrorHearsWhatClientsSend(t *testing.T) {
	suits(t, func(t *testing.T, s *suit) {
		addr, all := mirroring(t)
		ln := listening(t)
		b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, append(s.options(), sinks.Mirror(sinks.Fixed(addr), 1)))
		for i, course := range []string{"trickle", "uneven", "uneven"} {
			const size = 64 << 10
			c, far := s.open(b, ln)
			var sum [sha256.Size]byte
			done := make(chan struct{})
			go func() {
				defer close(done)
				send(t, c, uint64(i), size, courses[course]).Sum(sum[:0])
			}()
			receive(t, far, uint64(i), size, courses[course])
			<-done
			far.CloseWrite()
			hearEnd(t, c)
			h := receiveHeard(t, all)
			if h.err != nil || h.n != size || h.sum != sum {
				t.Errorf("the mirror has heard %d bytes, %v", h.n, h.err)
			}
			equal(t, "reason", b.record().Reason, nil)
		}
		b.until("the mirrors have ended", func() bool { return b.gauge("mirrors ended: done") == 3 && b.gauge("mirrors") == 0 })
		equal(t, "connected", b.gauge("connected"), 3)
		equal(t, "bytes", b.gauge("bytes to mirrors"), 3*64<<10)
	})
}

// However a mirror fails, the tunnel's streams come out as they went in.
func TestAMirrorThatFailsHarmsNobody(t *testing.T) {
	dead := listening(t)
	dead.Close()
	for what, whys := range map[string][]string{
		"dead": {"no backend"}, "deaf": {"behind"},
		"resets": {"backend reset", "behind"}, // which of them depends on how late it is
	} {
		t.Run(what, func(t *testing.T) {
			suits(t, func(t *testing.T, s *suit) {
				address := dead.address()
				if what == "deaf" || what == "resets" {
					mirror := listening(t)
					address = mirror.address()
					var kept []net.Conn
					go func() {
						for {
							c, err := mirror.Accept()
							if err != nil {
								for _, c := range kept {
									c.Close()
								}
								return
							}
							if what == "deaf" {
								kept = append(kept, c)
								continue
							}
							_, _ = c.Read(make([]byte, 1000))
							resetNow(c.(*net.TCPConn))
						}
					}()
				}
				ln := listening(t)
				b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, append(s.options(), sinks.Mirror(sinks.Fixed(address), 1)))
				const size = 16 << 20
				c, far := s.open(b, ln)
				between(t, b, c, far, 7, size, size/2, courses["steady"], courses["bulk"])
				b.until("it was counted", func() bool {
					n := b.gauge("mirrors")
					for _, why := range whys {
						n += 1 - b.gauge("mirrors ended: "+why)
					}
					return n == len(whys)-1
				})
				equal(t, "held", b.gauge("bytes held for mirrors"), 0)
			})
		})
	}
}

func TestATunnelOutlivesTheResetOfItsMirror(t *testing.T) {
	mirror, ln := listening(t), listening(t)
	b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, []sinks.TunnelOption{sinks.Mirror(sinks.Fixed(mirror.address()), 1)})
	c := b.dial()
	far := ln.next()
	say(t, c, "before")
	hear(t, far, "before")
	m := mirror.next()
	hear(t, m, "before")
	resetNow(m)
	b.until("it was counted", func() bool { return b.gauge("mirrors ended: backend reset") == 1 && b.gauge("mirrors") == 0 })
	say(t, c, "behind")
	hear(t, far, "behind")
	far.CloseWrite()
	hearEnd(t, c)
	c.CloseWrite()
	equal(t, "reason", b.record().Reason, nil)
}

// A mirror whose client was cut off must not think that it has heard all.
func TestAMirrorIsResetWithItsClient(t *testing.T) {
	addr, all := mirroring(t)
	ln := listening(t)
	b := boringWith(t, sinks.Fixed(ln.address()), patience, nil, []sinks.TunnelOption{sinks.Mirror(sinks.Fixed(addr), 1)})
	c := b.dial()
	far := ln.next()
	say(t, c, "half of")
	hear(t, far, "half of")
	b.until("it was mirrored", func() bool { return b.gauge("bytes to mirrors") == 7 })
	resetNow(c)
	if h := receiveHeard(t, all); h.err == nil {
		t.Error("it has heard an orderly end")
	}
}

func TestAShareOfTheConnectionsIsMirrored(t *testing.T) {
	addr, all := mirroring(t)
	b := boringWith(t, sinks.Fixed(echoing(t)), patience, nil, []sinks.TunnelOption{sinks.Mirror(sinks.Fixed(addr), 0.5)})
	const n = 100
	for range n {
		c := b.dial()
		say(t, c, "x")
		c.CloseWrite()
		hear(t, c, "x")
		hearEnd(t, c)
		c.Close()
	}
	b.until("all have ended", func() bool { return b.gauge("open")+b.gauge("mirrors") == 0 })
	if k := len(all); k < 15 || k > 85 { // each with less than one chance in 10¹¹
		t.Errorf("%d of %d were mirrored", k, n)
	}
}
