package uring

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// A Completion is what came of an operation.
type Completion struct {
	Err    error  // a syscall.Errno
	Result int    // what the system call would have returned, if Err is nil
	Data   []byte // what was received, until the handler returns
	More   bool   // the operation goes on; otherwise it has ended, whatever the outcome
}

// A Handler is told what has happened to operations, on the thread of the loop. It may ask for others.
type Handler interface {
	// Completed is told what came of the operation with the id.
	Completed(id uint64, c Completion)
	// Missed is told that Cancel has found no operation with the id. It is over, or it was at work just then and goes on.
	Missed(id uint64)
}

// A Ring is the kernel's part of a loop: it is a reactor.Kernel. All methods but Wake are for the thread that has called
// Begin, and Close and what asks for operations also for before.
//
// An operation has an id of its caller's choice, below Own, by which its completions are known and by which it is canceled.
// It is over when a completion says so, and only then is it of use to close its descriptor: until then the kernel holds the
// file, whose peer would see no end.
type Ring struct {
	handler Handler
	q       queues
	b       buffers
	event   int // for Wake
	begun   bool
	left    bool  // submissions were left to the next Poll
	running int   // operations that have not ended
	err     error // of a submission that had to be made before Poll
	lost    sqe   // what could not be asked
}

// Own is the first of the ids that the ring uses itself.
const Own = 1 << 62

const (
	idWake     = Own
	idCanceler = 1 << 63 // is the bit that makes an id that of the Cancel for it
)

// Open sets a ring up. It fails where the kernel is too old, or where an administrator, a sandbox or a limit is against it.
func Open(h Handler) (*Ring, error) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return nil, fmt.Errorf("io_uring on %s: %w", runtime.GOARCH, errors.ErrUnsupported)
	}
	r := &Ring{handler: h}
	if err := r.q.open(); err != nil {
		return nil, err
	}
	if err := r.b.open(r.q.fd); err != nil {
		r.q.close()
		return nil, err
	}
	fd, _, e := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if e != 0 {
		r.b.close(r.q.fd)
		r.q.close()
		return nil, os.NewSyscallError("eventfd2", e)
	}
	r.event = int(fd)
	return r, nil
}

// Begin implements reactor.Kernel: the ring belongs to the thread that calls it.
func (r *Ring) Begin() error {
	if err := register(r.q.fd, registerEnable, nil, 0); err != nil {
		return err
	}
	r.begun = true
	r.Await(r.event, In, idWake)
	return nil
}

// Poll implements reactor.Kernel. What is to be submitted is left, once, to the call that waits, and without anything to gather
// there is no other: a turn goes to the kernel once.
func (r *Ring) Poll(wait time.Duration) (n int, err error) {
	n = r.q.ready()
	switch {
	case r.err != nil:
		return n, r.err
	case n > 0 && wait != 0:
		wait = 0
	case wait == 0 && !r.q.waiting() && (r.q.pending() == 0 || !r.left):
		r.left = r.q.pending() > 0
		return n, nil
	}
	r.left = false
	err = r.q.enter(wait)
	return r.q.ready(), err
}

// Serve implements reactor.Kernel.
func (r *Ring) Serve() (more bool) {
	n := r.q.ready() // those that come meanwhile have the next turn
	for range n {
		r.complete(r.q.take())
	}
	if n > 0 {
		r.b.publish()
	}
	return r.q.ready() > 0
}

func (r *Ring) complete(e cqe) {
	c := Completion{Result: int(e.res), More: e.flags&cqeMore != 0}
	if !c.More {
		r.running--
	}
	if e.res < 0 {
		c.Err, c.Result = syscall.Errno(-e.res), 0
	}
	switch {
	case e.flags&cqeBuffer != 0:
		id := uint16(e.flags >> cqeBufferShift)
		c.Data = r.b.at(id, c.Result)
		r.handler.Completed(e.userData, c)
		r.b.put(id)
	case e.userData < Own:
		r.handler.Completed(e.userData, c)
	case e.userData >= idCanceler && c.Err != nil:
		r.handler.Missed(e.userData - idCanceler)
	case e.userData == idWake && !c.More:
		r.Await(r.event, In, idWake)
	}
}

// Wake implements reactor.Kernel. The count is never read: each write to it completes the poll once more.
func (r *Ring) Wake() {
	one := [8]byte{0: 1} // in either order of bytes it is more than 0
	_, _ = syscall.Write(r.event, one[:])
}

// closeTime is how long Close waits for the kernel to let go of what it still works on.
const closeTime = time.Second

// Close implements reactor.Kernel. It ends all operations, whose completions nobody is told of, before it takes the memory
// away that they use. Should one not end, that memory is never given back.
func (r *Ring) Close() {
	if r.begun {
		for began := time.Now(); r.running > 0 && time.Since(began) < closeTime; {
			r.cancelAll() // again, because it may miss what is at work just then
			if r.q.enter(10*time.Millisecond) != nil {
				break
			}
			for range r.q.ready() {
				if r.q.take().flags&cqeMore == 0 {
					r.running--
				}
			}
		}
	} else {
		r.running = 0 // nothing was submitted
	}
	r.begun = false
	_ = syscall.Close(r.event)
	if r.running > 0 {
		_ = syscall.Close(r.q.fd)
		return
	}
	r.b.close(r.q.fd)
	r.q.close()
}
