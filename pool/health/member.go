package health

import "sync"

// A Member is whatever is told whether a backend serves, such as a *balance.Member. It must not call back.
type Member interface{ SetUp(up bool) }

// A Verdict is what several say of one member: it is up while all do. Without it the last who spoke would decide, and a check
// that succeeds would bring back what was ejected for its failures.
type Verdict struct {
	member Member

	mu   sync.Mutex
	down int // guarded by mu: how many voices say so
}

// NewVerdict speaks to a member, which is up.
func NewVerdict(m Member) *Verdict { return &Verdict{member: m} }

// Voice is one who has a say, and says that the member is up until it says otherwise.
func (v *Verdict) Voice() Member { return &voice{verdict: v} }

type voice struct {
	verdict *Verdict
	down    bool // guarded by verdict.mu
}

// SetUp implements Member.
func (c *voice) SetUp(up bool) {
	v := c.verdict
	v.mu.Lock()
	defer v.mu.Unlock()
	if c.down == !up {
		return
	}
	was := v.down
	if c.down = !up; c.down {
		v.down++
	} else {
		v.down--
	}
	if (was == 0) != (v.down == 0) {
		v.member.SetUp(v.down == 0)
	}
}
