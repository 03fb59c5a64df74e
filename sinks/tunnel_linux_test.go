package sinks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

func TestATunnelMovesBytesBothWaysAndRecordsThem(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, nil)
	c := b.dial()
	say(t, c, "ping")
	s := ln.next()
	hear(t, s, "ping")
	say(t, s, "pong!")
	hear(t, c, "pong!")
	equal(t, "open", b.gauge("open"), 1)
	c.CloseWrite()
	hearEnd(t, s)
	say(t, s, "behind the end")
	hear(t, c, "behind the end")
	s.Close()
	hearEnd(t, c)
	r := b.record()
	equal(t, "reason", r.Reason, nil)
	equal(t, "sent", r.Sent, 4)
	equal(t, "received", r.Received, 5+14)
	equal(t, "client", r.Client.String(), c.LocalAddr().String())
	equal(t, "server", r.Server.String(), b.addr)
	equal(t, "address", r.Address, ln.address())
	equal(t, "tries", r.Tries, 1)
	if r.Connecting <= 0 || r.Lasted < r.Connecting || r.Began.IsZero() {
		t.Errorf("it took %v to connect and %v in all, since %v", r.Connecting, r.Lasted, r.Began)
	}
	equal(t, "ended", b.gauge("ended: done"), 1)
	b.until("it is counted", func() bool { return b.gauge("closed: done") == 1 })
	if err := b.stop(); err != nil {
		t.Error(err)
	}
}

// Whoever ends first, and in whatever order the ends come with what is sent before them, each side gets all and then the end.
func TestHalfCloseInBothOrders(t *testing.T) {
	for _, first := range []string{"client", "server"} {
		for _, before := range []string{"", "text"} {
			for _, after := range []string{"", "answer"} {
				t.Run(fmt.Sprintf("%s first, %q and then %q", first, before, after), func(t *testing.T) {
					ln := listening(t)
					b := boring(t, sinks.Fixed(ln.address()), patience, nil)
					c := b.dial()
					s := ln.next()
					one, two := c, s
					if first == "server" {
						one, two = s, c
					}
					if before != "" {
						say(t, one, before)
					}
					one.CloseWrite()
					hear(t, two, before)
					hearEnd(t, two)
					if after != "" {
						say(t, two, after)
					}
					two.CloseWrite()
					hear(t, one, after)
					hearEnd(t, one)
					equal(t, "reason", b.record().Reason, nil)
				})
			}
		}
	}
}

// A client that has said all and ended before its backend is connected loses nothing.
func TestWhatComesBeforeTheBackendIsConnectedIsKept(t *testing.T) {
	ln := listening(t)
	hold, held := make(chan struct{}), make(chan struct{})
	b := boring(t, &routing{to: func(*stage.Accepted, stage.Route) (string, error) {
		close(held)
		<-hold
		return ln.address(), nil
	}}, patience, nil)
	c := b.dial()
	<-held
	say(t, c, "early")
	c.CloseWrite()
	close(hold)
	s := ln.next()
	hear(t, s, "early")
	hearEnd(t, s)
	s.Close()
	hearEnd(t, c)
	equal(t, "reason", b.record().Reason, nil)
}

func TestAResetIsPassedOnAsAReset(t *testing.T) {
	for _, who := range []string{"client", "backend"} {
		t.Run(who, func(t *testing.T) {
			ln := listening(t)
			u := &routing{to: func(*stage.Accepted, stage.Route) (string, error) { return ln.address(), nil }}
			b := boring(t, u, patience, nil)
			c := b.dial()
			s := ln.next()
			from, to := c, s
			if who == "backend" {
				from, to = s, c
			}
			say(t, from, "last words")
			hear(t, to, "last words")
			resetNow(from)
			hearReset(t, to)
			equal(t, "label", stage.LabelOf(b.record().Reason), who+" reset")
			equal(t, "count", b.gauge("ended: "+who+" reset"), 1)
			equal(t, "routes", u.String(), "1 connected, 0 failed, 1 ended")
		})
	}
}

// A side that has ended its stream and is reset then is noticed, although it is not read any more.
func TestAResetBehindAHalfCloseIsPassedOn(t *testing.T) {
	for _, who := range []string{"client", "backend"} {
		t.Run(who, func(t *testing.T) {
			ln := listening(t)
			b := boring(t, sinks.Fixed(ln.address()), patience, nil)
			c := b.dial()
			s := ln.next()
			from, to := c, s
			if who == "backend" {
				from, to = s, c
			}
			from.CloseWrite()
			hearEnd(t, to)
			resetNow(from)
			equal(t, "label", stage.LabelOf(b.record().Reason), who+" reset")
		})
	}
}

// What a backend has sent before it was reset reaches the client, also when the proxy learns of the reset by writing.
func TestWhatCameBeforeAResetIsDelivered(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, nil)
	c := b.dial()
	s := ln.next()
	answer := strings.Repeat("answer ", 20000)
	say(t, s, answer)
	b.until("it has been read", func() bool { return b.gauge("bytes to clients") == len(answer) })
	s.Close() // and what the client sends now is answered with a reset
	for range 5 {
		_, _ = c.Write([]byte("more"))
		time.Sleep(time.Millisecond)
	}
	hear(t, c, answer)
	b.record()
}

func TestABackendThatRefusesIsFollowedByAnother(t *testing.T) {
	dead := listening(t)
	dead.Close()
	ln := listening(t)
	u := &routing{to: func(_ *stage.Accepted, failed stage.Route) (string, error) {
		if failed == nil {
			return dead.address(), nil
		}
		return ln.address(), nil
	}}
	b := boring(t, u, patience, nil)
	c := b.dial()
	s := ln.next()
	say(t, c, "hello")
	hear(t, s, "hello")
	equal(t, "connects failed", b.gauge("connects failed"), 1)
	equal(t, "connects tried again", b.gauge("connects tried again"), 1)
	c.Close()
	s.Close()
	equal(t, "tries", b.record().Tries, 2)
	equal(t, "routes", u.String(), "1 connected, 1 failed, 1 ended")
}

func TestAClientWithoutABackendIsClosed(t *testing.T) {
	dead := listening(t)
	dead.Close()
	b := boring(t, sinks.Fixed(dead.address()), patience, func(l *sinks.TunnelLimits) { l.Retries = 1 })
	meetReset(t, b)
	r := b.record()
	equal(t, "label", stage.LabelOf(r.Reason), "no backend")
	equal(t, "tries", r.Tries, 2)
	if !strings.Contains(r.Reason.Error(), "connection refused") {
		t.Error(r.Reason)
	}
	b.until("it is counted", func() bool { return b.gauge("closed: no backend") == 1 })
}

func TestAnUpstreamThatFailsCostsThatConnection(t *testing.T) {
	ln := listening(t)
	n := 0
	b := boring(t, &routing{to: func(*stage.Accepted, stage.Route) (string, error) {
		switch n++; n {
		case 1:
			return "", errors.New("nothing to choose")
		case 2:
			panic("for the test")
		}
		return ln.address(), nil
	}}, patience, nil)
	for range 2 {
		c := b.dial()
		hearEnd(t, c)
	}
	c := b.dial()
	say(t, c, "hello")
	hear(t, ln.next(), "hello")
	equal(t, "closed", b.gauge("closed: no route"), 2)
	equal(t, "panics and errors", b.p.Stats().Node("tunnel").Errors, 2)
}

func TestAPanicInAHookIsContained(t *testing.T) {
	a := tcp.Accept("127.0.0.1:0", tcp.Reactor(1))
	if err := a.Bind(); err != nil {
		t.Fatal(err)
	}
	p := pipeline.New("hooks")
	p.From(a).To("tunnel", sinks.Tunnel(sinks.Fixed(echoing(t)), sinks.OnEnd(func(*sinks.TunnelRecord) { panic("for the test") })))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	for range 3 {
		c := dialTo(t, a.Addr().String())
		say(t, c, "x")
		hear(t, c, "x")
		c.CloseWrite()
		hearEnd(t, c)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	equal(t, "errors", p.Stats().Node("tunnel").Errors, 3)
}

// A name is looked up beside the loop.
func TestABackendMayHaveAName(t *testing.T) {
	_, port, _ := net.SplitHostPort(echoing(t))
	b := boring(t, sinks.Fixed("localhost:"+port), patience, nil)
	for range 3 {
		c := b.dial()
		say(t, c, "hello")
		hear(t, c, "hello")
	}
	b = boring(t, sinks.Fixed("no-such-host.invalid:1"), patience, nil)
	meetReset(t, b)
	equal(t, "label", stage.LabelOf(b.record().Reason), "no backend")
}

func TestABackendMayBeAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backend")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	b := boring(t, sinks.Fixed("unix:"+path), patience, nil)
	c := b.dial()
	s, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	say(t, c, "ping")
	hear(t, s, "ping")
	say(t, s, "pong")
	hear(t, c, "pong")
	s.(*net.UnixConn).CloseWrite()
	hearEnd(t, c)
	c.Close()
	equal(t, "reason", b.record().Reason, nil)
}

func TestTunnelsOutliveTheStopAndAreCutAtTheEndOfTheDrain(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), 2*time.Second, nil)
	c := b.dial()
	s := ln.next()
	ended := make(chan error)
	go func() { ended <- b.stop() }()
	for range 10 {
		say(t, c, "still")
		hear(t, s, "still")
		time.Sleep(5 * time.Millisecond)
	}
	hearReset(t, c)
	hearReset(t, s)
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "accept: 1 connections were cut") {
		t.Error(err)
	}
	equal(t, "label", stage.LabelOf(b.record().Reason), "stopped")
	b.until("it is counted", func() bool { return b.gauge("closed: stopped") == 1 })
}

func TestADrainEndsWithTheLastTunnel(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), time.Hour, nil)
	c := b.dial()
	s := ln.next()
	ended := make(chan error)
	go func() { ended <- b.stop() }()
	say(t, c, "all of it")
	c.CloseWrite()
	hear(t, s, "all of it")
	hearEnd(t, s)
	s.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeATunnelIsRefused(t *testing.T) {
	run := func(build func(f *pipeline.Flow[stage.Accepted])) error {
		p := pipeline.New("refused")
		build(p.From(tcp.Accept("127.0.0.1:0")))
		return p.Run(context.Background())
	}
	bad := sinks.DefaultTunnelLimits
	bad.Connect = 0
	for want, build := range map[string]func(f *pipeline.Flow[stage.Accepted]){
		"neither host:port nor unix:path": func(f *pipeline.Flow[stage.Accepted]) { f.To("t", sinks.Tunnel(sinks.Fixed("nowhere"))) },
		"needs an upstream":               func(f *pipeline.Flow[stage.Accepted]) { f.To("t", sinks.Tunnel(nil)) },
		"time to connect must be more": func(f *pipeline.Flow[stage.Accepted]) {
			f.To("t", sinks.Tunnel(sinks.Fixed("[::1]:1"), sinks.Limits(bad)))
		},
		`queue "q" comes between them`: func(f *pipeline.Flow[stage.Accepted]) {
			f.Queue("q", queue.Ring[stage.Accepted]).To("t", sinks.Tunnel(sinks.Fixed("127.0.0.1:1")))
		},
	} {
		if err := run(build); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
}
