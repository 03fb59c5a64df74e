package health_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// A backend that hangs has left enough checks unanswered when the first has had its time.
func TestAHangIsFoundWithinOneTimeout(t *testing.T) {
	each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
		s := listen(t, answering("+PONG\r\n"))
		o := seldom()
		o.Timeout = 300 * time.Millisecond
		var failed atomic.Int64
		o.OnResult = func(r health.Result) {
			if r.Err != nil {
				failed.Add(1)
			}
		}
		m := of(health.Ping(health.Credentials{}), o)
		l := new(lamp)
		apply(t, m, health.Target{Name: "a", Address: s.addr, Member: l})
		run(t, m)
		await(t, "a check that succeeds", func() bool { m.Suspect("a"); return m.Stats()[0].Successes > 0 })
		s.become(hanging)
		await(t, "down", func() bool { m.Suspect("a"); return !l.up() })
		if n, st := failed.Load(), m.Stats()[0]; n != 1 || st.Failures != 3 {
			t.Errorf("%d times until it was down: %+v", n, st)
		}
	})
}

// A connection that is stuck, as by packets that are lost, takes down nobody who answers on another.
func TestAConnectionThatIsStuckTakesNobodyDown(t *testing.T) {
	each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
		var n atomic.Int64
		s := listen(t, func(c net.Conn) {
			if n.Add(1) > 1 {
				answering("+PONG\r\n")(c)
				return
			}
			b := make([]byte, 100)
			c.Read(b)
			c.Write([]byte("+PONG\r\n"))
			hanging(c)
		})
		o := seldom()
		o.Fall = 4
		o.Timeout = 4 * time.Second // of which the second check has three quarters
		m := of(health.Ping(health.Credentials{}), o)
		l := new(lamp)
		apply(t, m, health.Target{Name: "a", Address: s.addr, Member: l})
		run(t, m)
		await(t, "a check that succeeds", func() bool { m.Suspect("a"); return m.Stats()[0].Successes > 0 })
		m.Suspect("a")
		await(t, "another", func() bool { return m.Stats()[0].Successes > 1 })
		if st := m.Stats()[0]; st.Failures != 0 || !l.up() {
			t.Errorf("%+v", st)
		}
	})
}

// What nobody has asked for is not taken for the answer to the next check.
func TestAnAnswerBeforeTheQuestionIsNone(t *testing.T) {
	s := listen(t, func(c net.Conn) {
		b := make([]byte, 100)
		c.Read(b)
		c.Write([]byte("+PONG\r\n"))
		time.Sleep(50 * time.Millisecond)
		c.Write([]byte("+PONG\r\n"))
		hanging(c)
	})
	o := quick()
	o.Interval, o.Timeout = 400*time.Millisecond, patience
	m := monitor(t, health.Ping(health.Credentials{}), o)
	apply(t, m, health.Target{Name: "a", Address: s.addr})
	run(t, m)
	await(t, "three connections", func() bool { return s.accepted.Load() >= 3 })
	if st := m.Stats()[0]; st.Failures != 0 || st.Successes < 2 {
		t.Errorf("%+v", st)
	}
}
