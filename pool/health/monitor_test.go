package health_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/health"
)

func quick() health.MonitorOptions {
	return health.MonitorOptions{Interval: 40 * time.Millisecond, Suspect: 10 * time.Millisecond, Timeout: 200 * time.Millisecond}
}

// Whatever is wrong with a backend, it goes down with a reason that says so, and comes up when it is right again.
func TestBackendsGoDownAndComeUp(t *testing.T) {
	exchange, err := health.SendExpect(health.Exchange{Send: "hello\r\n", Prefix: "+PONG", Until: "\r\n"})
	if err != nil {
		t.Fatal(err)
	}
	once, err := health.SendExpect(health.Exchange{Send: "hello\r\n", Prefix: "+PONG"})
	if err != nil {
		t.Fatal(err)
	}
	checkers := map[string]health.Checker{"PING": health.Ping(health.Credentials{}), "expect": exchange, "once": once}
	faults := map[string]struct {
		serve  func(net.Conn)
		reason string
	}{
		"hanging":  {hanging, "no answer within"},
		"garbage":  {answering("\x00\xff\r\n"), "repl"},
		"closing":  {func(net.Conn) {}, "close"},
		"LOADING":  {answering("-LOADING Redis is loading the dataset in memory\r\n"), "LOADING"},
		"endless":  {answering(strings.Repeat("x", 10_000)), "reply"},
		"drips":    {func(c net.Conn) { c.Write([]byte("+PO")); hanging(c) }, "no answer within"},
		"too slow": {func(c net.Conn) { time.Sleep(time.Second); c.Write([]byte("+PONG\r\n")) }, "no answer within"},
	}
	each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
		for name, checker := range checkers {
			for fault, c := range faults {
				t.Run(name+"/"+fault, func(t *testing.T) {
					t.Parallel()
					s := listen(t, answering("+PONG\r\n"))
					m := of(checker, quick())
					var l lamp
					apply(t, m, health.Target{Name: "a", Address: s.addr, Member: &l})
					run(t, m)
					await(t, "a check that succeeds", func() bool { return m.Stats()[0].Successes > 1 })
					if !l.up() {
						t.Fatal("it is down although it answers")
					}
					s.become(c.serve)
					await(t, "down", func() bool { return !l.up() })
					if why := m.Stats()[0].Last.Err; why == nil || !strings.Contains(why.Error(), c.reason) {
						if !(fault == "closing" && errors.Is(why, net.ErrClosed) || why != nil && strings.Contains(why.Error(), "reset")) {
							t.Errorf("the reason is %v, not one with %q", why, c.reason)
						}
					}
					s.become(answering("+PONG\r\n"))
					await(t, "up again", l.up)
				})
			}
		}
	})
}

// A server that was killed refuses, and comes back on the same port.
func TestAKilledBackendComesBack(t *testing.T) {
	for name, c := range map[string]health.Checker{"TCP": health.TCP(), "PING": health.Ping(health.Credentials{})} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
				s := listen(t, answering("+PONG\r\n"))
				m := of(c, quick())
				var l lamp
				apply(t, m, health.Target{Name: "a", Address: s.addr, Member: &l})
				run(t, m)
				await(t, "a check that succeeds", func() bool { return m.Stats()[0].Successes > 1 })
				s.kill()
				await(t, "down", func() bool { return !l.up() })
				if why := m.Stats()[0].Last.Err; !strings.Contains(why.Error(), "refused") {
					t.Errorf("the reason is %v", why)
				}
				s.start()
				await(t, "up again", l.up)
			})
		})
	}
}

// Checks that can share a connection do.
func TestConnectionsAreKept(t *testing.T) {
	each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
		s := listen(t, answering("+PONG\r\n"))
		o := quick()
		o.Interval = 5 * time.Millisecond
		o.Timeout = patience
		m := of(health.Ping(health.Credentials{}), o)
		apply(t, m, health.Target{Name: "a", Address: s.addr})
		run(t, m)
		await(t, "20 checks", func() bool { return m.Stats()[0].Successes >= 20 })
		if n := s.accepted.Load(); n != 1 {
			t.Errorf("%d connections", n)
		}
		if st := m.Stats()[0]; !st.Connected || st.Failures != 0 {
			t.Errorf("%+v", st)
		}
		// Its end is noticed, and is no failure.
		s.become(answering("+PONG\r\n"))
		await(t, "another connection", func() bool { return s.accepted.Load() == 2 })
		before := m.Stats()[0].Successes
		await(t, "more checks", func() bool { return m.Stats()[0].Successes > before })
		if st := m.Stats()[0]; st.Failures != 0 {
			t.Errorf("%+v", st)
		}
	})
}
