package stage

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Head is the first field of every message: which connection it belongs to, which answer it stands for, and what memory
// its bytes lie in. The zero Head belongs to no connection and has no bytes of a slab.
type Head struct {
	leak leakMark // empty without the tag leakcheck
	conn *Conn
	slab *Slab
	seq  uint32 // place in the order of requests of conn
	bits uint8
}

const (
	ticketed = 1 << iota // seq is meaningful
	open                 // this message owns the ticket, or a share of it
	part                 // bytes of an answer that a later message completes; with open, the message that completes it
	child                // what it owns is a share of a split request
	unshared             // is being made of a request, whose ticket it does not have yet
	failed               // a message of a socket that has failed: it is not to be answered
)

// Conn returns the connection that the message came from, or nil.
func (h *Head) Conn() *Conn { return h.conn }

// Seq returns the message's place in the order of requests of its connection. It counts from 0 and wraps.
func (h *Head) Seq() uint32 { return h.seq }

// Open says whether the message owns a ticket that has not been answered.
func (h *Head) Open() bool { return h.bits&open != 0 }

// SetConn makes the message one that the protocol sends by itself, without a request: it is written between answers. A
// ticket that the message owned is void.
func (h *Head) SetConn(c *Conn) {
	if h.bits&open != 0 {
		h.void()
	}
	h.conn, h.seq, h.bits = c, 0, 0
}

// Inherit makes h the head of what a stage has made of the message of from: it belongs to the same connection and slab, and
// the ticket moves. Map, FlatMap and Split do it by themselves. Copying a Head would leave a ticket with two owners.
func (h *Head) Inherit(from *Head) {
	*h = *from
	from.bits &^= open
}

// Unticket leaves the head of a copy without the ticket, which stays with the original: what is made of it answers nobody.
func (h *Head) Unticket() { h.bits = ticketed }

// SetSlab says which slab the bytes of the message lie in; nil stands for the collected heap.
func (h *Head) SetSlab(s *Slab) { h.slab = s }

// Slab returns the slab that the bytes of the message lie in.
func (h *Head) Slab() *Slab { return h.slab }

// Fail ends the connection that the message came from, if there is one. Of a message that came through a socket of datagrams
// it costs that message: see [Head.Failed].
func (h *Head) Fail(err error) {
	if h.conn != nil {
		h.bits |= failed
		h.conn.Fail(err)
	}
}

// Failed says whether the message, or the one that it was made of, has failed. Sinks of datagrams leave it out.
func (h *Head) Failed() bool { return h.bits&failed != 0 }

// HasHead says whether T begins with a Head: its first field is one, or is a struct that begins with one, such as the
// message of a codec to which an application adds fields. It is asked once per node, not per message.
func HasHead[T any]() bool {
	for t := reflect.TypeFor[T](); t.Kind() == reflect.Struct && t.NumField() > 0; {
		if t = t.Field(0).Type; t == reflect.TypeFor[Head]() {
			return true
		}
	}
	return false
}

// HeadOf returns the head of a message for which [HasHead] holds.
func HeadOf[T any](m *T) *Head { return (*Head)(unsafe.Pointer(m)) }

// NeedHead panics with a sentence unless the first field of T is a Head; who names the caller.
func NeedHead[T any](who string) {
	if !HasHead[T]() {
		panic(fmt.Sprintf("%s: the first field of %v must be a stage.Head", who, reflect.TypeFor[T]()))
	}
}

// A Segment is what a stream source read from one connection in one go. Data is empty when the source only wants the
// bytes that were left undecoded to be looked at again.
type Segment struct {
	Head
	Data []byte
}
