package sinks

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Tunnels are what all lanes of a Tunnel share.
type tunnels struct {
	tunnelOptions
	up    stage.Upstream
	crews [2]*tlsio.Crew // by side; nil without TLS

	mu     sync.Mutex
	relays []*relay // guarded by mu
}

func newTunnels(up stage.Upstream, o tunnelOptions) *tunnels {
	s := &tunnels{tunnelOptions: o, up: up}
	for side := range o.tls {
		if o.tls[side].wanted {
			s.crews[side] = tlsio.NewCrew(o.limits.Handshakes)
		}
	}
	return s
}

// sink makes the sink of a lane. What is wrong with what Tunnel was told shows here, before anything starts.
func (s *tunnels) sink(l *stage.Lane) stage.Sink[stage.Accepted] {
	if s.up == nil {
		panic("sinks.Tunnel needs an upstream, for example a pool or sinks.Fixed")
	}
	if err := s.validate(); err != nil {
		panic("sinks.Tunnel: " + err.Error())
	}
	l.NeedHost()
	return &tunnelling{tunnels: s, lane: l}
}

func (s *tunnels) validate() error {
	s.mu.Lock() // lanes may begin at once
	defer s.mu.Unlock()
	return cmp.Or(s.tunnelOptions.validate(), validateUpstream(s.up))
}

// A tunnelling is the sink of one lane.
type tunnelling struct {
	*tunnels
	lane  *stage.Lane
	relay *relay
}

var errNoLoop = errors.New("sinks.Tunnel is run by the loop of an epoll source such as tcp.Accept, and this source has none")

// Push implements stage.Sink.
func (t *tunnelling) Push(batch []*stage.Accepted) {
	if t.relay == nil {
		t.relay = t.on(t.lane)
	}
	for _, a := range batch {
		if t.relay == nil {
			t.lane.Failed(errNoLoop)
			a.Fail(errNoLoop)
			continue
		}
		t.relay.open(a)
	}
}

// on returns the relay of the loop that runs the lane, on which it is called. It is nil when there is no such loop.
func (s *tunnels) on(lane *stage.Lane) *relay {
	loop, _ := lane.Host().(*reactor.Loop)
	if loop == nil || loop.Epoll() == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.relays, func(r *relay) bool { return r.loop == loop }); i >= 0 {
		return s.relays[i]
	}
	r := newRelay(s, loop, lane)
	s.relays = append(s.relays, r)
	loop.Join(r)
	return r
}

// Gauges implements pipeline.Gauged, for all lanes.
func (s *tunnels) Gauges() (g []pipeline.Gauge) {
	s.mu.Lock()
	relays := slices.Clone(s.relays)
	s.mu.Unlock()
	var sum figures
	for _, r := range relays {
		sum.add(r.figures())
	}
	show := func(name string, value any) { g = append(g, pipeline.Gauge{Name: name, Value: fmt.Sprint(value)}) }
	show("open", sum.open)
	show("connecting", sum.connecting)
	show("connected", sum.connected)
	show("connects failed", sum.failed)
	show("connects tried again", sum.retried)
	show("bytes to backends", sum.moved[toServer])
	show("bytes to clients", sum.moved[toClient])
	show("bytes spliced", sum.spliced)
	show("bytes held", sum.held)
	show("pipes", sum.pipes)
	for i, n := range sum.ended {
		if n > 0 {
			show("ended: "+endings[i], n)
		}
	}
	for side, of := range [2]string{client: "client ", server: "backend "} {
		if s.crews[side] != nil {
			s.crews[side].Figures(func(name, value string) { show(of+name, value) })
		}
	}
	if s.mirror.wanted {
		show("mirrors", sum.mirrors)
		show("bytes to mirrors", sum.mirrored)
		show("bytes held for mirrors", sum.waiting)
		for i, n := range sum.mirrorsEnded {
			if n > 0 {
				show("mirrors ended: "+endings[i], n)
			}
		}
	}
	return g
}
