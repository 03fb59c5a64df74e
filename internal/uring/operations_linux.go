package uring

import "errors"

// Events to await.
const (
	In  = 0x1 // POLLIN
	Out = 0x4 // POLLOUT
)

// Receive receives from a socket that blocks, until it is canceled, the stream ends, there is an error, or there are no
// buffers (ENOBUFS). The completion with neither data nor an error is the end of the stream. A socket that does not block
// would be received from once, and not waited for.
func (r *Ring) Receive(fd int, id uint64) {
	s := r.ask(opRecv, fd, id)
	s.ioprio = recvMulti
	s.flags, s.group = sqeBufferSelect, bufferGroup
}

// Accept accepts from a socket that blocks. The result is a descriptor, with the given flags of accept4(2).
func (r *Ring) Accept(fd int, flags uint32, id uint64) {
	s := r.ask(opAccept, fd, id)
	s.ioprio = acceptMulti
	s.opFlags = flags
}

// Await completes each time that the descriptor becomes ready for one of the events, and once if it is ready now, as epoll
// does by edges.
func (r *Ring) Await(fd int, events uint32, id uint64) {
	s := r.ask(opPollAdd, fd, id)
	s.len = pollMulti
	s.opFlags = events
}

// Cancel ends the operation that has the id, with ECANCELED unless it has ended otherwise. What it brought before comes
// first. If no operation is found the handler is told.
func (r *Ring) Cancel(id uint64) {
	r.ask(opAsyncCancel, -1, idCanceler|id).addr = id
}

// cancelAll ends all operations.
func (r *Ring) cancelAll() {
	r.ask(opAsyncCancel, -1, idCanceler).opFlags = cancelAll | cancelAny
}

// ask prepares a submission. It has its effect in one of the next two Polls, or at once when there is no room for more.
func (r *Ring) ask(op uint8, fd int, id uint64) *sqe {
	full := func() bool { return r.q.pending() == len(r.q.sqes) }
	if full() {
		r.err = r.q.enter(0)
		if full() && r.err == nil {
			r.err = errors.New("io_uring_enter takes no submissions")
		}
		if r.err != nil {
			return &r.lost
		}
	}
	r.running++
	s := r.q.next()
	s.op, s.fd, s.userData = op, int32(fd), id
	return s
}
