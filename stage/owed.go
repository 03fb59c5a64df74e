package stage

// A Ticket is what a message owned, apart from the message: a sink that has a request answered elsewhere keeps it until the
// answer comes. Exactly one of Give and Void must follow, once. The zero Ticket owns nothing.
type Ticket struct {
	conn *Conn
	seq  uint32
	bits uint8
}

// Take takes the ticket of a message of this batch, or its share of one. A message that owns none gives a ticket whose
// answers are written between others.
func (l *Lane) Take(h *Head) Ticket {
	t := Ticket{h.conn, h.seq, h.bits}
	l.opened -= h.owned()
	h.bits &^= open
	return t
}

// Give makes h, the head of a message of this batch whose bytes lie in s, the answer to what the ticket stands for. The lane
// need not be the one that took it.
func (t Ticket) Give(l *Lane, h *Head, s *Slab) {
	h.conn, h.slab, h.seq, h.bits = t.conn, s, t.seq, t.bits
	l.opened += h.owned()
}

// Void settles the ticket with nothing: its request gets no answer and holds up nobody.
func (t Ticket) Void() {
	h := Head{conn: t.conn, seq: t.seq, bits: t.bits}
	h.void()
}

// Conn is the connection that waits for the answer, or nil.
func (t Ticket) Conn() *Conn { return t.conn }

// Open says whether there is something to settle.
func (t Ticket) Open() bool { return t.bits&open != 0 }

// Unasked makes a message of this batch, whose bytes lie in s, one that is written to c between its answers.
func (c *Conn) Unasked(h *Head, s *Slab) { h.conn, h.slab, h.seq, h.bits = c, s, 0, 0 }

// Answering is a Port of a connection on which answers arrive: one that was opened to have requests answered by a server.
// Messages that are decoded there take over the tickets of those requests, instead of getting some of their own.
type Answering interface {
	// Claim gives h, the head of m, the ticket of the request that m answers. pushed says that m answers none, as its
	// protocol has it. Bytes of m lie in s.
	Claim(l *Lane, h *Head, s *Slab, m any, pushed bool) Claim
	// Unclaim takes back the tickets of messages that were Tentative.
	Unclaim(l *Lane, heads []*Head)
}

// A Claim is what becomes of a message on a connection on which answers arrive.
type Claim uint8

const (
	Claimed   Claim = iota // it goes on, as the answer to a request
	Tentative              // it goes on if a message that has arrived with it is Certain
	Certain                // it is dropped, and those before it go on
	Unused                 // nobody wants it: it is dropped
	Foreign                // nobody has asked for it: the connection is not to be trusted any more
)
