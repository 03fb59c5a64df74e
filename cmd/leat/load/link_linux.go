package load

import (
	"io"
	"os"
	"syscall"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
)

// A link is one connection of a loop, open or not. It has no buffer but for what the kernel has not taken.
type link struct {
	loop     *loop
	occupant occupant // who uses it now
	caller   caller   // who waits for it to open
	target   int

	fd      int // -1 while it is not open
	watched int32
	unread  bool // there may be something to read
	torn    bool // a read that brings less than was asked for may leave something that nothing reports again
	listed  bool // in again
	roomed  bool // it is watched for room to write

	rest  batch // what was to be written, kept when the kernel did not take all of it
	taken int   // bytes of rest that it has taken since
}

// Ready implements reactor.Handler.
func (k *link) Ready(events uint32) {
	if events&reactor.Hung != 0 || events&reactor.Urgent != 0 {
		k.torn = true
	}
	if events&(reactor.In|reactor.Hung|reactor.Urgent) != 0 {
		k.unread = true
	}
	if k.caller != nil {
		k.settled()
	} else if events&reactor.Out != 0 && k.blocked() {
		k.flush()
	}
	if k.unread && k.occupant != nil {
		k.read()
	}
}

// look does what was left for a later turn.
func (k *link) look() {
	switch {
	case k.occupant == nil:
	case k.unread:
		k.read()
	default:
		k.occupant.kick()
	}
}

// read reads once. Less than was asked for means that there is no more: the next bytes are an edge (epoll(7)). That does not hold for
// the end of input that was reported with the bytes before it, nor where a read stops short: in front of an urgent byte (tcp(7)), and
// behind bytes that came with descriptors (unix(7)).
func (k *link) read() {
	in := k.loop.desk.in
	n, err := nonblock.Read(k.fd, in)
	if k.unread = n == len(in) || n > 0 && k.torn || err == syscall.EINTR; k.unread {
		k.loop.repeat(k)
	}
	switch {
	case n > 0:
		k.occupant.arrived(in[:n])
	case err == nil:
		k.occupant.broken(io.EOF)
	case err != syscall.EAGAIN && err != syscall.EINTR:
		k.occupant.broken(os.NewSyscallError("read", err))
	}
}

// stale reports whether something has come that nobody asked for, be it the end.
func (k *link) stale() bool {
	if !k.unread {
		return false
	}
	_, err := nonblock.Read(k.fd, k.loop.desk.in)
	k.unread = err == syscall.EINTR
	return err != syscall.EAGAIN && err != syscall.EINTR
}

// write gives the kernel a batch and keeps what it does not take, which is flushed when there is room. No other is written before.
func (k *link) write(out batch) error {
	n, err := nonblock.Write(k.fd, out.bytes)
	if n == len(out.bytes) {
		return nil
	}
	k.rest.bytes = append(k.rest.bytes[:0], out.bytes...)
	k.rest.ends = append(k.rest.ends[:0], out.ends...)
	k.taken = n
	return k.await(err)
}

// flush goes on with what was kept.
func (k *link) flush() {
	n, err := nonblock.Write(k.fd, k.rest.bytes[k.taken:])
	k.taken += n
	if err = k.await(err); err != nil || !k.blocked() {
		k.occupant.written(err)
	}
}

// await has flush called when there is room, unless the error of a write is another one than that there was none.
func (k *link) await(err error) error {
	switch err {
	case nil, syscall.EAGAIN, syscall.EINTR:
	default:
		return os.NewSyscallError("write", err)
	}
	if !k.roomed || err == syscall.EINTR { // otherwise room is an edge that will come
		k.roomed = true
		return k.loop.epoll.Modify(k.fd, k.watched, reactor.In|reactor.Out)
	}
	return nil
}

// blocked reports whether something was kept.
func (k *link) blocked() bool { return k.taken < len(k.rest.bytes) }

// forsake gives up what was kept and says how many requests of it will not be written to their last bytes.
func (k *link) forsake() (requests int64) {
	if k.blocked() {
		requests = int64(len(k.rest.ends)) - k.rest.whole(k.taken)
	}
	k.rest.bytes, k.rest.ends, k.taken = k.rest.bytes[:0], k.rest.ends[:0], 0
	return requests
}

// close closes the connection, which may be opened again.
func (k *link) close() {
	if k.fd < 0 {
		return
	}
	k.forsake()
	if k.watched != 0 {
		k.loop.epoll.Remove(k.fd)
	}
	nonblock.Close(k.fd)
	k.fd, k.watched, k.occupant, k.caller = -1, 0, nil, nil
	k.unread, k.torn, k.roomed = false, false, false
}
