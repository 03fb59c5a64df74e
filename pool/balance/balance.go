// Package balance chooses which of several backends gets a request.
//
// A [Set] holds the backends, each as a [Member] with its live state, and a [Policy] that chooses among them. A pick takes no
// lock and allocates nothing. Backends are added, removed, drained and re-weighted while requests go on.
//
//	set, err := balance.NewSet(balance.P2C(), backends, balance.Options{})
//	m, err := set.Pick(balance.Request{})
//	m.Begin()
//	took, err := send(m.Address)
//	m.End(took, err != nil)
//
// Which policy: [P2C] for most services, and [PeakEWMA] where some backends may be slow. [Maglev] where a key should keep its
// backend, as for caches; [Ketama] where it should keep the one that twemproxy chose. Package balancetest has a suite that
// every policy passes, for policies of other people too.
package balance

// A Backend describes one upstream.
type Backend struct {
	Name    string  // unique in its set, and what consistent hashing hashes; the address if empty
	Address string  // host:port, or whatever the dialer understands
	Weight  float64 // its part of the requests, relative to that of others; 0 stands for 1, less is refused
	Zone    string  // where it is, for [Zones]
	Region  string  // what its zone belongs to, for [Zones]
	Group   string  // what it holds a copy of, for [Groups]; its name if empty
	Replica bool    // it serves only requests that change nothing
}

// A Request is what a pick may depend on. The zero Request is one that may change something and has no key.
type Request struct {
	Key   uint64  // what consistent hashing places, hashed by the caller; the client for [Sticky] and [IPHash]
	Read  bool    // it changes nothing, so a replica may serve it
	Avoid *Member // not this one if there is another, for retries and hedges; nil avoids none
}

// A Policy is a way to choose. It is a description that any number of sets may share.
type Policy interface {
	// String is its name, and its parameters where they are not the usual ones.
	String() string
	// Build makes the Picker of a set. The members are all of it, also those that are not available now; the slice is never
	// changed. Equal seeds and equal calls give equal picks.
	Build(members []*Member, seed uint64) Picker
}

// A Picker chooses for one set. Pick is safe for any goroutine, takes no lock, allocates nothing and gives no member that is
// not available: nil when none is. It gives Request.Avoid only when no other is available.
type Picker interface {
	Pick(r Request) *Member
}

// A Refresher is a Picker that stays when the set changes, so that it can keep what it has counted and computed. The set calls
// Refresh after members came, went or got another weight, and also after some became available, ceased to be, or took the
// next step of their slow start. Picks go on meanwhile; no two Refreshes do. A Picker that is no Refresher is built anew when
// members or weights have changed, and sees the rest by [Member.Available] and [Member.EffectiveWeight].
type Refresher interface {
	Picker
	Refresh(members []*Member)
}
