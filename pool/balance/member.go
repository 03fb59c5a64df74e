package balance

import (
	"math"
	"sync/atomic"
	"time"
)

// A Member is a backend in a set, with its live state. It stays the same while the backend keeps everything but its weight.
// Methods are safe for any goroutine. Begin, End, InFlight and Available take a few nanoseconds and allocate nothing.
type Member struct {
	Backend     // as it was added; the weight of now is Weight
	Slot    int // a small number that no other member of the set has; it is used again after this one was removed

	set *Set
	id  uint64 // the hash of its name

	// Written under the lock of the set, read by every pick.
	up        atomic.Bool
	draining  atomic.Bool
	removed   atomic.Bool
	share     atomic.Uint32 // of its weight that counts now: 0 unavailable, full all of it, between them in slow start
	weight    atomic.Uint64 // bits of a float64
	effective atomic.Uint64 // likewise: weight times share
	decay     atomic.Int64  // of the average latency, in nanoseconds; 0 while no policy asks for it
	rampSince int64         // when its slow start began, by the clock of the set; only under the lock
	ramping   bool          // likewise
	group     *group        // that it stands for, in the picker of [Groups]; nil for all others

	// Written by every request, so on a cache line of its own.
	_        pad
	inFlight atomic.Int64
	latency  peak
	_        pad
}

// full is the share of a member that is not in slow start.
const full = math.MaxUint32

func newMember(s *Set, b Backend, slot int) *Member {
	m := &Member{Backend: b, Slot: slot, set: s, id: hashName(b.Name)}
	m.up.Store(true)
	m.weight.Store(math.Float64bits(b.Weight))
	return m
}

// Begin says that a request is sent to it. Each Begin needs one End.
func (m *Member) Begin() { m.inFlight.Add(1) }

// End says that a request has ended after latency, with an answer or not. It need not be the goroutine that called Begin.
func (m *Member) End(latency time.Duration, failed bool) {
	m.inFlight.Add(-1)
	if decay := m.decay.Load(); decay != 0 {
		m.latency.observe(latency, failed, m.set.now(), decay)
	}
}

// InFlight is how many requests have begun and not ended.
func (m *Member) InFlight() int { return int(m.inFlight.Load()) }

// SetUp says whether it answers, as health checks and the ejection of outliers find out. Members are up when they are added.
// Coming up begins the slow start. To say again what is known costs next to nothing.
func (m *Member) SetUp(up bool) {
	if m.up.Load() != up {
		m.set.setUp(m, up)
	}
}

// Up is what SetUp said last.
func (m *Member) Up() bool { return m.up.Load() }

// Available says whether it gets new requests: it is of the set, not draining, has a weight, and is up or the set is in panic.
func (m *Member) Available() bool { return m.share.Load() != 0 }

// Draining says whether [Set.Drain] keeps new requests from it.
func (m *Member) Draining() bool { return m.draining.Load() }

// Removed says whether it is no longer of the set. What is in flight may still end.
func (m *Member) Removed() bool { return m.removed.Load() }

// Weight is its weight as it was given last, whether it is available or not.
func (m *Member) Weight() float64 { return math.Float64frombits(m.weight.Load()) }

// EffectiveWeight is its weight as it counts now: less than Weight during the slow start, 0 while it is not available.
func (m *Member) EffectiveWeight() float64 { return math.Float64frombits(m.effective.Load()) }

// admits says whether a request with the hash h is among those that the member takes now. In slow start a growing share of
// hashes is, and what was once is so for the rest of it.
func (m *Member) admits(h uint64) bool {
	s := m.share.Load()
	return s == full || uint32(h) < s
}

// inSlowStart says whether a part of its weight counts.
func (m *Member) inSlowStart() bool { return m.share.Load() != full }
