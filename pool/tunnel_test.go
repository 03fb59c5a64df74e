package pool_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/stage"
)

var _ stage.Upstream = (*pool.Pool)(nil)

func routes(t *testing.T, policy balance.Policy, opts ...pool.Option) *pool.Pool {
	t.Helper()
	p, err := pool.New([]balance.Backend{{Name: "a", Address: "127.0.0.1:1"}, {Name: "b", Address: "127.0.0.1:2"}}, policy, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func from(client string) *stage.Accepted {
	return &stage.Accepted{Client: netip.MustParseAddrPort(client)}
}

func routed(t *testing.T, p *pool.Pool, failed stage.Route) stage.Route {
	t.Helper()
	r, err := p.Route(from("10.0.0.1:1"), failed)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTunnelsCountAsInFlightUntilTheyEnd(t *testing.T) {
	p := routes(t, balance.LeastConn())
	var open []stage.Route
	names := map[string]int{}
	for range 6 {
		r := routed(t, p, nil)
		r.Connected(time.Millisecond)
		names[r.Name()]++
		open = append(open, r)
	}
	if names["a"] != 3 || names["b"] != 3 {
		t.Errorf("%v, not three each", names)
	}
	for _, r := range open {
		r.Ended()
		r.Ended() // once is enough
	}
	for _, m := range p.Members() {
		if m.InFlight() != 0 {
			t.Errorf("%s has %d in flight", m.Name, m.InFlight())
		}
	}
	for _, s := range p.Stats().Backends {
		if s.InUse != 0 || s.Dialing != 0 || s.Opened != 3 {
			t.Errorf("%+v", s)
		}
	}
}

func TestATunnelThatFailsIsRoutedElsewhere(t *testing.T) {
	p := routes(t, balance.RoundRobin())
	first := routed(t, p, nil)
	first.Failed(errors.New("refused"))
	second := routed(t, p, first)
	if second.Name() == first.Name() {
		t.Errorf("%s was given twice", first.Name())
	}
	second.Failed(errors.New("refused"))
	var rest *pool.BackoffError
	if _, err := p.Route(from("10.0.0.1:1"), second); !errors.As(err, &rest) {
		t.Errorf("%v, not that both backends rest", err)
	}
	for _, s := range p.Stats().Backends {
		if s.Failed != 1 || s.Dialing != 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestAnAbandonedTunnelSaysNothingOfTheBackend(t *testing.T) {
	p := routes(t, balance.RoundRobin())
	for range 4 {
		routed(t, p, nil).Failed(stage.ErrAbandoned)
	}
	for _, s := range p.Stats().Backends {
		if s.Failed != 0 || s.Dialing != 0 {
			t.Errorf("%+v", s)
		}
	}
	routed(t, p, nil).Failed(stage.ErrAbandoned)
}

func TestTunnelsHaveALimitOfTheirBackends(t *testing.T) {
	l := pool.DefaultLimits
	l.MaxOpen, l.MaxIdle = 2, 2
	p := routes(t, balance.RoundRobin(), pool.WithLimits(l))
	var open []stage.Route
	for range 4 {
		open = append(open, routed(t, p, nil))
	}
	if _, err := p.Route(from("10.0.0.1:1"), nil); !errors.Is(err, pool.ErrExhausted) {
		t.Errorf("%v, not that all are in use", err)
	}
	for _, r := range open {
		r.Connected(0)
		r.Ended()
	}
	routed(t, p, nil).Failed(stage.ErrAbandoned)
}

func TestADrainedBackendGetsNoNewTunnels(t *testing.T) {
	p := routes(t, balance.RoundRobin())
	old := routed(t, p, nil)
	old.Connected(0)
	if err := p.Drain(old.Name(), true); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		r := routed(t, p, nil)
		if r.Name() == old.Name() {
			t.Errorf("%s is drained", r.Name())
		}
		r.Failed(stage.ErrAbandoned)
	}
	if err := p.Apply([]balance.Backend{{Name: "c", Address: "127.0.0.1:3"}}); err != nil {
		t.Fatal(err)
	}
	if r := routed(t, p, nil); r.Name() != "c" {
		t.Errorf("%s was removed", r.Name())
	} else {
		r.Failed(stage.ErrAbandoned)
	}
	old.Ended()
}

// The address of a client is its key, whatever its port.
func TestAClientKeepsItsBackend(t *testing.T) {
	p := routes(t, balance.Maglev())
	for _, ip := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.9.9.9"} {
		names := map[string]bool{}
		for _, port := range []string{":1", ":2", ":3"} {
			r, err := p.Route(from(ip+port), nil)
			if err != nil {
				t.Fatal(err)
			}
			names[r.Name()] = true
			r.Failed(stage.ErrAbandoned)
		}
		if len(names) != 1 {
			t.Errorf("%s goes to %v", ip, names)
		}
	}
}
