package pool

import (
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/stage"
)

// A Lease says which connection a request may use.
type Lease uint8

const (
	// Shared is any connection: in the mode Pipelined one on which the requests of others are in flight as well.
	Shared Lease = iota
	// Once is a connection that nobody else uses until the answer has come. It is for requests that take long, such as those
	// that wait for something to happen.
	Once
	// Hold is the connection that the client holds. It is given one when it holds none, and keeps it for what follows: nobody
	// else uses it until Release, or the end of the client, for which [Pool.Forget] must be called. A client whose connection
	// is lost while it holds it is closed when it has been told.
	Hold
	// Release is Hold, and the connection is given back when the request has been answered.
	Release
	// Tunnel is Hold, and from now on whatever the server sends on that connection goes to the client as it comes, between
	// answers. The ticket of the request is settled as [Traffic] says.
	Tunnel
)

// Noted is a reply that takes over what [Note] has kept of its request.
type Noted interface{ SetNote(note any) }

// An Asking says what [Pool.Forward] needs to know about messages of type T. All of it is optional. The functions are called
// on the lane, and must not wait.
type Asking[T any] struct {
	Route      func(*T) balance.Request
	Lease      func(*T) Lease
	Profile    func(*T) uint32
	Note       func(*T) any
	Idempotent func(*T) bool
}

// A ForwardOption says what Forward needs to know about messages.
type ForwardOption[T any] func(*Asking[T])

// Route says what the pick of a backend depends on.
func Route[T any](f func(*T) balance.Request) ForwardOption[T] {
	return func(a *Asking[T]) { a.Route = f }
}

// Leasing says which connection a request may use; without it that is Shared.
func Leasing[T any](f func(*T) Lease) ForwardOption[T] { return func(a *Asking[T]) { a.Lease = f } }

// Profile divides the connections: those of one profile carry requests of no other. It is for what a connection has agreed on
// with its server, such as a database; see [Greeting]. Without it there is the profile 0.
func Profile[T any](f func(*T) uint32) ForwardOption[T] {
	return func(a *Asking[T]) { a.Profile = f }
}

// Note keeps a value for the reply, which must be [Noted], unless the value is nil. A pointer costs no memory.
func Note[T any](f func(*T) any) ForwardOption[T] { return func(a *Asking[T]) { a.Note = f } }

// Idempotent says which requests may be served twice: they are sent again when their connection is lost, and may be hedged.
// All others are sent again only if no byte of them has been.
func Idempotent[T any](f func(*T) bool) ForwardOption[T] {
	return func(a *Asking[T]) { a.Idempotent = f }
}

// Forward sends each message, as e encodes it, on a connection of the pool. The reply, which is decoded from what [Pool.Replies]
// reads, takes over the ticket of the message; the reply to a message that owns no ticket is dropped. An encoder's error, or its
// panic, fails the connection that the message came from and no other.
//
// On a lane of a reactor the connections are watched by the same thread, so that nothing crosses from one to another.
// Elsewhere threads of the pool watch them ([Traffic]).
//
// A lane that sends more than the servers take reads nothing until they do.
func (p *Pool) Forward[T any](e stage.Encoder[T], opts ...ForwardOption[T]) stage.SinkMaker[T] {
	stage.NeedHead[T]("pool.Forward")
	var a Asking[T]
	for _, o := range opts {
		o(&a)
	}
	f := p.forwarding()
	return func(l *stage.Lane) stage.Sink[T] {
		s := &forward[T]{asking: a, encoder: e, sender: sender{lane: l, forwarding: f}}
		l.OnEnd(s.end)
		l.OnRetry(s.retry)
		l.OnHost(s.settle)
		return s
	}
}

// A forward is the sink of one lane.
type forward[T any] struct {
	asking  Asking[T]
	encoder stage.Encoder[T]
	sender
	at int    // index of the message that is sent
	e  entry  // of that message
	to target // where it goes, until it has got there
}

// Push implements stage.Sink.
func (f *forward[T]) Push(batch []*T) {
	for len(batch) > 0 {
		batch = batch[f.run(batch):]
	}
}

// run sends until the end or a panic, which costs the connection of one message; it reports how many are dealt with.
func (f *forward[T]) run(batch []*T) (n int) {
	defer func() {
		v := recover()
		if v != nil && f.to != (target{}) {
			f.to.cancel(&f.e)
			f.to = target{}
		}
		f.e = entry{}
		f.leave()
		if v != nil {
			f.lane.Panicked(v, stage.HeadOf(batch[f.at]))
			n = f.at + 1
		}
	}()
	for i, m := range batch {
		f.at = i
		f.send(m)
		f.relieve()
	}
	return len(batch)
}

// send places one message.
func (f *forward[T]) send(m *T) {
	h := stage.HeadOf(m)
	f.e = entry{client: h.Conn()}
	e := &f.e
	if f.asking.Route != nil {
		r := f.asking.Route(m)
		e.key, e.read = r.Key, r.Read
	}
	if f.asking.Lease != nil {
		e.lease = f.asking.Lease(m)
	}
	if f.asking.Profile != nil {
		e.profile = f.asking.Profile(m)
	}
	if f.asking.Note != nil {
		e.note = f.asking.Note(m)
	}
	if f.asking.Idempotent != nil {
		e.again = f.asking.Idempotent(m)
	}
	st, err := f.enter(e.client)
	if err != nil {
		h.Fail(err)
		return
	}
	if f.to, err = st.place(e); err != nil {
		e.ticket = f.lane.Take(h)
		st.refuse(e, err)
		return
	}
	buf := f.to.buffer()
	b, err := f.encoder.Append(*buf, m)
	if e.n = len(b) - len(*buf); err == nil && e.n <= 0 {
		err = errNoRequest // nothing would answer it
	}
	if err != nil {
		f.to.cancel(e)
		f.to = target{}
		h.Fail(err)
		return
	}
	*buf = b
	e.ticket = f.lane.Take(h)
	f.to.add(e)
	f.to = target{}
}
