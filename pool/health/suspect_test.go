package health_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// seldom is a monitor that would find out nothing by itself while a test runs.
func seldom() health.MonitorOptions {
	return health.MonitorOptions{Interval: time.Hour, Timeout: patience}
}

func TestABackendThatIsSuspectedIsCheckedNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p patient
		m := monitor(t, health.Func(p.check), seldom())
		l := new(lamp)
		apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l})
		m.Suspect("a") // before it runs there is nothing to bring forward
		run(t, m)
		time.Sleep(90 * time.Minute)
		before := m.Stats()[0]
		m.Suspect("nobody")
		m.Suspect("a")
		synctest.Wait()
		if s := m.Stats()[0]; s.Successes != before.Successes+1 || !l.up() {
			t.Fatalf("a good one: %+v, before %+v", s, before)
		}
		p.be(errIll)
		m.Suspect("a")
		time.Sleep(20 * time.Millisecond)
		if !l.up() {
			t.Error("one failure has taken it out")
		}
		time.Sleep(40 * time.Millisecond)
		if s := m.Stats()[0]; l.up() || s.Failures != 3 {
			t.Errorf("an ill one: %+v", s)
		}
		m.Suspect("a") // what is down is asked as if nothing had happened
		time.Sleep(time.Second)
		if s := m.Stats()[0]; s.Failures != 3 {
			t.Errorf("a dead one: %+v", s)
		}
	})
}

func TestAFloodOfSuspicionsCostsFewChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p patient
		m := monitor(t, health.Func(p.check), health.MonitorOptions{})
		apply(t, m, health.Target{Name: "a", Address: "somewhere"})
		run(t, m)
		for range 10_000 {
			time.Sleep(time.Millisecond)
			m.Suspect("a")
		}
		if n := m.Stats()[0].Successes; n < 30 || n > 60 {
			t.Errorf("%d checks in ten intervals", n)
		}
	})
}

// A check that has begun before the suspicion may have been answered before what has happened.
func TestASuspicionDuringACheckLeadsToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patient{takes: 100 * time.Millisecond}
		m := monitor(t, health.Func(p.check), seldom())
		apply(t, m, health.Target{Name: "a", Address: "somewhere"})
		run(t, m)
		time.Sleep(time.Minute)
		m.Suspect("a")
		time.Sleep(50 * time.Millisecond)
		m.Suspect("a")
		m.Suspect("a")
		time.Sleep(time.Second)
		if s := m.Stats()[0]; s.Successes < 2 || s.Successes > 3 { // it may have had its first check before
			t.Errorf("%+v", s)
		}
	})
}

func TestARefusalIsFoundWithinAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i := range 50 {
			var p patient
			m := monitor(t, health.Func(p.check), health.MonitorOptions{})
			l := new(lamp)
			apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l}, health.Target{Name: "b", Address: "somewhere"})
			ctx, cancel := context.WithCancel(t.Context())
			go m.Run(ctx)
			time.Sleep(5*time.Second + time.Duration(i)*37*time.Millisecond)
			p.be(errIll)
			time.Sleep(time.Second + 2*20*time.Millisecond)
			synctest.Wait()
			if s := m.Stats()[0]; l.up() || s.Failures < 3 {
				t.Errorf("%+v", s)
			}
			cancel()
			synctest.Wait()
		}
	})
}

// A server that was killed is found out by suspicion alone, and by as many checks as otherwise.
func TestAKilledBackendIsFoundBySuspicion(t *testing.T) {
	for name, c := range map[string]health.Checker{"TCP": health.TCP(), "PING": health.Ping(health.Credentials{})} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
				s := listen(t, answering("+PONG\r\n"))
				m := of(c, seldom())
				l := new(lamp)
				apply(t, m, health.Target{Name: "a", Address: s.addr, Member: l})
				run(t, m)
				await(t, "a check that succeeds", func() bool { m.Suspect("a"); return m.Stats()[0].Successes > 0 })
				s.kill()
				await(t, "down", func() bool { m.Suspect("a"); return !l.up() })
				if s := m.Stats()[0]; s.Failures != 3 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}
