package health_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/health"
)

// A patient is a backend for a Func that does as it is told, and remembers when it was asked.
type patient struct {
	mu    sync.Mutex
	err   error
	takes time.Duration
	asked []time.Time
	most  int
	now   int
}

func (p *patient) check(ctx context.Context, _ string) error {
	p.mu.Lock()
	p.asked = append(p.asked, time.Now())
	p.now++
	p.most = max(p.most, p.now)
	err, takes := p.err, p.takes
	p.mu.Unlock()
	defer func() { p.mu.Lock(); p.now--; p.mu.Unlock() }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(takes):
		return err
	}
}

func (p *patient) be(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// gaps are the times between the checks since the last call.
func (p *patient) gaps() (all []time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 1; i < len(p.asked); i++ {
		all = append(all, p.asked[i].Sub(p.asked[i-1]))
	}
	p.asked = p.asked[len(p.asked)-1:]
	return all
}

var errIll = errors.New("it is ill")

// within is the bounds of the times between checks, with a jitter of a tenth and what going together takes off.
func within(t *testing.T, what string, gaps []time.Duration, least, most time.Duration) {
	t.Helper()
	if len(gaps) == 0 {
		t.Errorf("%s: there are no checks", what)
	}
	for _, g := range gaps {
		if g < least*9/10-250*time.Millisecond || g > most {
			t.Errorf("%s: %v between checks, want %v to %v", what, g, least, most)
		}
	}
}

func TestIntervalsFollowTheTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p patient
		var changes []health.Change
		m := monitor(t, health.Func(p.check), health.MonitorOptions{
			Interval: time.Second, Suspect: 250 * time.Millisecond, Dead: 5 * time.Second, Fall: 3, Rise: 2,
			OnChange: func(c health.Change) { changes = append(changes, c) },
		})
		l := new(lamp)
		apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l})
		run(t, m)
		time.Sleep(10 * time.Second)
		within(t, "up", p.gaps(), time.Second, time.Second)

		p.be(errIll)
		began := time.Now()
		for l.up() {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(began); took > 1510*time.Millisecond {
			t.Errorf("down behind %v", took)
		}
		suspicious := p.gaps()
		for _, g := range suspicious[len(suspicious)-2:] {
			if g < 125*time.Millisecond || g > 250*time.Millisecond {
				t.Errorf("suspect: %v between checks", g)
			}
		}
		time.Sleep(40 * time.Second)
		dead := p.gaps()
		within(t, "just dead", dead[:1], time.Second, time.Second)
		within(t, "dead", dead[5:], 5*time.Second, 5*time.Second)

		p.be(nil)
		for !l.up() {
			time.Sleep(10 * time.Millisecond)
		}
		back := p.gaps()
		within(t, "recovering", back[len(back)-1:], 250*time.Millisecond, 250*time.Millisecond)
		synctest.Wait()
		if len(changes) != 2 || changes[0].Up || changes[0].Reason != errIll || !changes[1].Up {
			t.Errorf("%+v", changes)
		}
	})
}

func TestTheFirstResultDecidesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patient{err: errIll}
		m := monitor(t, health.Func(p.check), health.MonitorOptions{})
		l := new(lamp)
		apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l})
		run(t, m)
		for m.Stats()[0].Failures == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		if s := m.Stats()[0]; l.up() || s.Failures != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// A herd would be as many checks at once as there are targets.
func TestChecksAreSpreadAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patient{takes: 400 * time.Millisecond}
		m := monitor(t, health.Func(p.check), health.MonitorOptions{Concurrency: 30})
		var targets []health.Target
		for i := range 50 {
			targets = append(targets, health.Target{Name: fmt.Sprint(i), Address: "somewhere"})
		}
		apply(t, m, targets...)
		time.Sleep(time.Hour) // what became due before Run is spread too
		run(t, m)
		time.Sleep(1100 * time.Millisecond)
		p.mu.Lock()
		if p.most > 30 || p.most < 15 {
			t.Errorf("%d checks at once", p.most)
		}
		atOnce := map[time.Time]int{}
		for _, at := range p.asked {
			atOnce[at]++
		}
		for _, n := range atOnce {
			if n > 18 {
				t.Errorf("%d checks begin together", n)
			}
		}
		p.most = 0
		p.takes = 5 * time.Second // they all hang
		p.mu.Unlock()
		time.Sleep(20 * time.Second)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.most != 30 {
			t.Errorf("%d checks at once, want 30", p.most)
		}
	})
}

func TestAHangingCheckIsOverAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patient{takes: time.Hour}
		m := monitor(t, health.Func(p.check), health.MonitorOptions{Timeout: 300 * time.Millisecond, Fall: 1})
		l := new(lamp)
		apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l})
		run(t, m)
		time.Sleep(time.Second + 400*time.Millisecond)
		if s := m.Stats()[0]; l.up() || !errors.Is(s.Last.Err, context.DeadlineExceeded) || s.Last.Err.Error() != "no answer within 300ms: context deadline exceeded" {
			t.Errorf("%+v", s)
		}
	})
}

// A check that does not end with its context is not started twice, and its target fails in each interval.
func TestACheckThatIgnoresItsContextRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		calls := 0
		m := monitor(t, health.Func(func(context.Context, string) error { calls++; <-release; return nil }), health.MonitorOptions{})
		l := new(lamp)
		apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l})
		run(t, m)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if s := m.Stats()[0]; l.up() || calls != 1 || s.Failures < 5 || !strings.Contains(s.Last.Err.Error(), "earlier check") {
			t.Errorf("%d calls: %+v", calls, s)
		}
		close(release)
		time.Sleep(30 * time.Second)
		if s := m.Stats()[0]; !l.up() || s.Last.Err != nil {
			t.Errorf("%+v", s)
		}
	})
}

// That this machine has no descriptors left says nothing about the backend, and that a check panics is a failure.
func TestFaultsOfThisMachineDecideNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p patient
		m := monitor(t, health.Func(func(ctx context.Context, a string) error {
			if a == "panic" {
				panic("a fault in the check")
			}
			return p.check(ctx, a)
		}), health.MonitorOptions{})
		l, q := new(lamp), new(lamp)
		apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l}, health.Target{Name: "b", Address: "panic", Member: q})
		run(t, m)
		time.Sleep(2 * time.Second)
		p.be(fmt.Errorf("socket: %w", syscall.EMFILE))
		time.Sleep(10 * time.Second)
		if s := m.Stats(); !l.up() || s[0].Last.Err == nil || q.up() || s[1].Last.Err.Error() != "the check panicked: a fault in the check" {
			t.Errorf("%+v", s)
		}
	})
}

func TestTargetsComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p patient
		m := monitor(t, health.Func(func(ctx context.Context, a string) error {
			if a == "ill" {
				return errIll
			}
			return p.check(ctx, a)
		}), health.MonitorOptions{})
		run(t, m)
		l, ill := new(lamp), new(lamp)
		apply(t, m, health.Target{Name: "a", Address: "somewhere", Member: l}, health.Target{Name: "b", Address: "ill", Member: ill})
		time.Sleep(5 * time.Second)
		before := m.Stats()
		if ill.up() || !l.up() {
			t.Fatalf("%+v", before)
		}
		// b has another member, a another address, and c is new.
		other := new(lamp)
		apply(t, m, health.Target{Name: "b", Address: "ill", Member: other}, health.Target{Name: "a", Address: "ill", Member: l}, health.Target{Name: "c", Address: "x"})
		synctest.Wait()
		after := m.Stats()
		if other.up() || after[0].Failures < before[1].Failures || after[1].Successes != 0 || len(after) != 3 {
			t.Errorf("%+v, before %+v", after, before)
		}
		apply(t, m)
		p.mu.Lock()
		n := len(p.asked)
		p.mu.Unlock()
		time.Sleep(10 * time.Second)
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(m.Stats()) != 0 || len(p.asked) != n {
			t.Errorf("%d checks of nobody", len(p.asked)-n)
		}
	})
}

func TestAMonitorMayRunAgain(t *testing.T) {
	each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
		s := listen(t, answering("+PONG\r\n"))
		m := of(health.Ping(health.Credentials{}), quick())
		apply(t, m, health.Target{Name: "a", Address: s.addr})
		for range 3 {
			before := m.Stats()[0].Successes
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { m.Run(ctx); close(done) }()
			await(t, "checks", func() bool { return m.Stats()[0].Successes > before+2 })
			cancel()
			<-done
			if s := m.Stats()[0]; s.Connected || s.Checking {
				t.Errorf("%+v", s)
			}
		}
	})
}

// Targets are changed while they are checked, in all states.
func TestTargetsChangeUnderWay(t *testing.T) {
	each(t, func(t *testing.T, of func(health.Checker, health.MonitorOptions) *health.Monitor) {
		good, bad := listen(t, answering("+PONG\r\n")), listen(t, hanging)
		o := quick()
		o.Concurrency = 3
		o.Interval, o.Suspect, o.Timeout = 4*time.Millisecond, time.Millisecond, 3*time.Millisecond
		m := of(health.Ping(health.Credentials{}), o)
		run(t, m)
		for i := range 100 {
			var targets []health.Target
			for k := range i % 12 {
				addr := good.addr
				if (i+k)%3 == 0 {
					addr = bad.addr
				}
				targets = append(targets, health.Target{Name: fmt.Sprint(k), Address: addr, Member: new(lamp)})
			}
			apply(t, m, targets...)
			time.Sleep(time.Millisecond)
		}
		l := new(lamp)
		apply(t, m, health.Target{Name: "last", Address: bad.addr, Member: l})
		await(t, "down", func() bool { return !l.up() })
	})
}
