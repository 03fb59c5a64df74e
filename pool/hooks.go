package pool

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/pool/health"
	"github.com/leat-io/leat/stage"
)

// caught is to be deferred around a call of what the user has given to the pool. A panic there is counted, and costs what the call
// was about: err is set, if it is not nil.
func (p *Pool) caught(what string, err *error) {
	v := recover()
	if v == nil {
		return
	}
	e := fmt.Errorf("%s: %w: %v", what, stage.ErrPanic, v)
	p.panics.Add(1)
	p.panicked.Store(&e)
	if err != nil {
		*err = e
	}
}

// dialed tells OnDial.
func (b *backend) dialed(took time.Duration, err error) {
	if f := b.pool.onDial; f != nil {
		defer b.pool.caught("OnDial", nil)
		f(b.member, took, err)
	}
}

// ended tells OnClose.
func (b *backend) ended(r Reason, age time.Duration) {
	if f := b.pool.onClose; f != nil {
		defer b.pool.caught("OnClose", nil)
		f(b.member, r, age)
	}
}

// done ends a request that began with the member's Begin, and for which the ward has given the permit.
func (b *backend) done(p health.Permit, latency time.Duration, err error) {
	b.member.End(latency, err != nil)
	b.ward.told(p, latency, err)
	if f := b.pool.onDone; f != nil {
		defer b.pool.caught("OnDone", nil)
		f(b.member, latency, err)
	}
}
