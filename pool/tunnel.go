package pool

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
	"github.com/leat-io/leat/stage"
)

// A tunnel is a connection to a backend that somebody else makes and keeps. It has a place under MaxOpen and counts as a
// request of its member from its route until it has ended.
type tunnel struct {
	backend *backend
	began   int64
	permit  health.Permit
	over    atomic.Bool
}

// Route implements stage.Upstream: the policy picks a backend, of which the limits leave room for one more and that was not found
// unreachable a moment ago. The key of consistent hashing is the client's address. A connect that fails counts as a dial of the
// pool that does, and as a failed request with the guard; one that succeeds is a served request.
//
// A backend that is removed or drained gets no more tunnels, and keeps those that it has. TLS and Prepare of the pool are not for
// tunnels, nor is its time to dial.
func (p *Pool) Route(a *stage.Accepted, failed stage.Route) (stage.Route, error) {
	r := balance.Request{Key: balance.AddrKey(a.Client.Addr())}
	if t, ok := failed.(*tunnel); ok {
		r.Avoid = t.backend.member
	}
	var last error
	for range attempts {
		b, permit, err := p.pick(r)
		if err != nil {
			return nil, errors.Join(err, last)
		}
		if err = b.admits(); err == nil {
			b.member.Begin()
			b.dialing.Add(1)
			return &tunnel{backend: b, began: p.now(), permit: permit}, nil
		}
		b.ward.ignore(permit)
		if b.member == r.Avoid { // there is no other
			return nil, err
		}
		last, r.Avoid = err, b.member
	}
	return nil, last
}

// admits takes a place for a tunnel. The error says why there is none.
func (b *backend) admits() error {
	if err := b.refusal(); err != nil {
		return fmt.Errorf("backend %s: %w", b.member.Name, err)
	}
	if err := b.rested(); err != nil {
		return err
	}
	if !b.reserve() {
		b.counts.exhausted.Add(1)
		return b.whole(ErrExhausted)
	}
	return nil
}

// Name implements stage.Route.
func (t *tunnel) Name() string { return t.backend.member.Name }

// Address implements stage.Route.
func (t *tunnel) Address() string { return t.backend.member.Address }

// Connected implements stage.Route. How long it took is the latency of the backend, as a policy or a guard knows it, and the
// tunnel stays in flight.
func (t *tunnel) Connected(took time.Duration) {
	b := t.backend
	b.calm.succeeded()
	b.counts.dial.record(took)
	b.dialed(took, nil)
	b.opened()
	b.member.Begin()
	b.done(t.permit, took, nil)
}

// Failed implements stage.Route.
func (t *tunnel) Failed(err error) {
	if t.over.Swap(true) {
		return
	}
	b, took := t.backend, time.Duration(t.backend.pool.now()-t.began)
	b.dialing.Add(-1)
	if errors.Is(err, stage.ErrAbandoned) {
		b.pardon(t.permit)
		b.release()
		return
	}
	b.counts.failed.Add(1)
	err = &DialError{Backend: b.member.Name, Address: b.member.Address, Err: err}
	b.calm.failed(time.Now(), err)
	b.done(t.permit, took, err)
	b.dialed(took, err)
	b.suspect()
	b.release()
}

// Ended implements stage.Route.
func (t *tunnel) Ended() {
	if t.over.Swap(true) {
		return
	}
	b := t.backend
	took := time.Duration(b.pool.now() - t.began)
	b.member.Cancel()
	b.closed(ReasonDiscarded, time.Now().Add(-took))
}
