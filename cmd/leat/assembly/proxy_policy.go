package assembly

import (
	"sync/atomic"

	"github.com/leat-io/leat/pool/balance"
)

// An exchangeable policy is one of which the next build is another.
type exchangeable struct {
	policy atomic.Pointer[balance.Policy]
}

func (e *exchangeable) set(p balance.Policy) { e.policy.Store(&p) }

// String implements balance.Policy.
func (e *exchangeable) String() string { return (*e.policy.Load()).String() }

// Build implements balance.Policy. The picker must not refresh itself: it would stay what it is.
func (e *exchangeable) Build(members []*balance.Member, seed uint64) balance.Picker {
	p := &exchangeablePicker{policy: e, seed: seed}
	p.Refresh(members)
	return p
}

type exchangeablePicker struct {
	policy *exchangeable
	seed   uint64
	picker atomic.Pointer[balance.Picker]
}

// Refresh implements balance.Refresher.
func (p *exchangeablePicker) Refresh(members []*balance.Member) {
	picker := (*p.policy.policy.Load()).Build(members, p.seed)
	p.picker.Store(&picker)
}

// Pick implements balance.Picker.
func (p *exchangeablePicker) Pick(r balance.Request) *balance.Member {
	return (*p.picker.Load()).Pick(r)
}
