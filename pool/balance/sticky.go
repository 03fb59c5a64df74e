package balance

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Sticky gives a client, which is Request.Key, to the member that it had before, until it has sent nothing for the time to live.
// A new client, or one whose member is not available, gets one from the inner policy; so a member that comes takes no clients
// from others. A request that avoids its client's member goes elsewhere and leaves the client where it is.
//
// The table of clients is bounded. Each new client takes one of eight places, and if all are taken it replaces the one that was
// silent for longest, whose next request begins anew.
func Sticky(ttl time.Duration, inner Policy, clients ...Clients) Policy {
	return sticky{ttl, inner, one(clients, DefaultClients)}
}

// Clients is how many clients [Sticky] remembers, rounded up to a multiple of eight. 8 bytes a client.
type Clients int

// DefaultClients take half a megabyte.
const DefaultClients Clients = 1 << 16

const maxClients = 1 << 28

type sticky struct {
	ttl     time.Duration
	inner   Policy
	clients Clients
}

func (p sticky) String() string {
	return parameter(fmt.Sprintf("sticky %v over %v", p.ttl, p.inner), "clients", p.clients, DefaultClients)
}

func (p sticky) byKey() {}

func (p sticky) replicaAware() bool { return isReplicaAware(p.inner) }

func (p sticky) check() error {
	if p.inner == nil {
		return errors.New("it needs a policy for clients that are new")
	}
	if p.ttl < time.Millisecond {
		return fmt.Errorf("the time to live must be at least 1 ms, not %v", p.ttl)
	}
	if p.clients < 1 || p.clients > maxClients {
		return fmt.Errorf("it can remember between 1 and %d clients, not %d", maxClients, p.clients)
	}
	return check(p.inner)
}

func (p sticky) Build(members []*Member, seed uint64) Picker {
	s := &stickyPicker{policy: p, seed: seed, table: newClientTable(int(p.clients), p.ttl)}
	s.Refresh(members)
	return s
}

type stickyPicker struct {
	policy sticky
	seed   uint64
	table  clientTable
	state  atomic.Pointer[stickyState]
}

type stickyState struct {
	roster roster
	bySlot []*Member // nil where there is none
	inner  Picker
}

func (p *stickyPicker) Refresh(members []*Member) {
	s := &stickyState{roster: newRoster(members)}
	var inner Picker
	rebuild := true
	if old := p.state.Load(); old != nil {
		inner, rebuild = old.inner, !old.roster.equal(s.roster)
	}
	s.inner = renew(inner, p.policy.inner, members, p.seed, rebuild)
	for _, m := range members {
		if m.Slot >= len(s.bySlot) {
			s.bySlot = append(s.bySlot, make([]*Member, m.Slot+1-len(s.bySlot))...)
		}
		s.bySlot[m.Slot] = m
	}
	p.state.Store(s)
}

func (p *stickyPicker) Pick(r Request) *Member {
	s := p.state.Load()
	if len(s.roster.members) == 0 {
		return nil
	}
	now := s.roster.members[0].set.now()
	for {
		place := p.table.find(r.Key, now)
		held := s.holder(place)
		if held != nil && held.Available() && held != r.Avoid {
			p.table.keep(place, now)
			return held
		}
		m := s.inner.Pick(r)
		elsewhere := held != nil && held == r.Avoid // for this request alone
		if m == nil || elsewhere || p.table.take(place, r.Key, m.Slot, now) {
			return m
		}
	}
}

// holder is the member whom the client of a place has, nil for a place of nobody or a member that has gone.
func (s *stickyState) holder(p place) *Member {
	if !p.found || p.slot() >= len(s.bySlot) {
		return nil
	}
	return s.bySlot[p.slot()]
}
