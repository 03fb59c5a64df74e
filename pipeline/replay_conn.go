package pipeline

import (
	"cmp"
	"slices"

	"github.com/leat-io/leat/stage"
)

// A cast is the connections of a replay. They stand in for those that were recorded, which have ended.
type cast struct {
	wrote   *int // bytes that connections took
	reading bool // the node issues tickets itself
	roles   []role
	of      []int32  // by message: its role, or -1
	seq     []uint32 // by message: its number among the requests of its connection that came to the node
	conns   []*actor // by role
	number  map[*stage.Conn]int
}

// A role is one recorded connection.
type role struct {
	recorded *stage.Conn
	seqs     []uint32          // the requests that came to the node, as they were numbered: first those of tickets, in order
	tickets  int               // how many of seqs are those of tickets that messages own
	place    map[uint32]uint32 // the index in seqs, which is the number of the ticket in a pass
	children map[uint32]int    // by place: pieces of a request that was split
}

// An actor is the connection of one pass. Its peer takes everything.
type actor struct {
	stage.Conn
	role    *role
	wrote   *int
	settled uint32 // tickets before this one are settled, of a node that issues them
}

func (a *actor) Write(b []byte) (int, error) {
	*a.wrote += len(b)
	return len(b), nil
}
func (*actor) Want(_, _ bool) {}
func (*actor) Shut(error)     {}
func (a *actor) Peer() string { return a.role.recorded.Peer() }

// inFlight lets all tickets of a pass be in flight at once: what follows the node is not there to answer them.
const inFlight = 1 << 20

func newCast(heads []*stage.Head, reading bool, wrote *int) *cast {
	c := &cast{wrote: wrote, reading: reading, of: make([]int32, len(heads)), seq: make([]uint32, len(heads))}
	index := map[*stage.Conn]int32{}
	for i, h := range heads {
		conn := h.Conn()
		if conn == nil {
			c.of[i] = -1
			continue
		}
		at, known := index[conn]
		if !known {
			at = int32(len(c.roles))
			index[conn] = at
			c.roles = append(c.roles, role{recorded: conn, place: map[uint32]uint32{}, children: map[uint32]int{}})
		}
		c.of[i] = at
		if h.Open() {
			c.roles[at].seqs = append(c.roles[at].seqs, h.Seq())
		}
	}
	for i := range c.roles {
		c.roles[i].order()
	}
	for i, h := range heads {
		if c.of[i] >= 0 {
			r := &c.roles[c.of[i]]
			c.seq[i] = r.number(h.Seq())
			if h.Child() {
				r.children[c.seq[i]]++
			}
		}
	}
	return c
}

// order numbers the tickets from 0, without those that did not come to the node, in the order in which they were issued.
func (r *role) order() {
	if len(r.seqs) > 0 {
		first := r.seqs[0] // they wrap
		slices.SortFunc(r.seqs, func(a, b uint32) int { return cmp.Compare(int32(a-first), int32(b-first)) })
		r.seqs = slices.Compact(r.seqs)
	}
	r.tickets = len(r.seqs)
	for i, seq := range r.seqs {
		r.place[seq] = uint32(i)
	}
}

// number is that of a request in a pass. One whose ticket did not come to the node is numbered behind those that did: what
// would answer it is ignored, as it was.
func (r *role) number(seq uint32) uint32 {
	n, known := r.place[seq]
	if !known {
		n = uint32(len(r.seqs))
		r.place[seq], r.seqs = n, append(r.seqs, seq)
	}
	return n
}

// begin makes the connections of a pass.
func (c *cast) begin() {
	terms := map[*stage.Terms]*stage.Terms{}
	c.conns, c.number = make([]*actor, len(c.roles)), map[*stage.Conn]int{}
	for i := range c.roles {
		r := &c.roles[i]
		t := terms[r.recorded.Terms()]
		if t == nil {
			t = &stage.Terms{}
			if was := r.recorded.Terms(); was != nil {
				t.Limits = was.Limits
				if was.Failed != nil {
					t.Failed = func(error) {}
				}
			}
			t.InFlight = inFlight
			t.Now.Store(1)
			terms[r.recorded.Terms()] = t
		}
		a := &actor{role: r, wrote: c.wrote}
		a.Init(a, t)
		a.Reading.Session = r.recorded.Reading.Session
		if !c.reading {
			a.Publish(uint32(r.tickets))
			for seq, n := range r.children {
				a.Share(seq, n)
			}
		}
		c.conns[i], c.number[&a.Conn] = a, i
	}
}

// conn returns the connection of message i, or nil.
func (c *cast) conn(i int) *stage.Conn {
	if c.of[i] < 0 {
		return nil
	}
	return &c.conns[c.of[i]].Conn
}

// settle answers message i, whose ticket is still open, or what was decoded of it.
func (c *cast) settle(i int, open bool) {
	switch {
	case c.of[i] < 0:
	case c.reading:
		for a := c.conns[c.of[i]]; a.settled != a.Issued(); a.settled++ {
			a.Settle(a.settled, nil)
		}
	case open:
		c.conns[c.of[i]].Settle(c.seq[i], nil)
	}
}

// recorded translates a head of this pass into the numbers of the recording.
func (c *cast) recorded(h *stage.Head) (conn uint64, seq uint32) {
	i, known := c.number[h.Conn()]
	if !known {
		return 0, h.Seq()
	}
	r := &c.roles[i]
	if seq = h.Seq(); !c.reading && int(seq) < len(r.seqs) {
		seq = r.seqs[seq]
	}
	return r.recorded.ID(), seq
}
