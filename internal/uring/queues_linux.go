package uring

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Sizes of the rings. What does not fit into the first is submitted before the turn ends; what does not fit into the second
// waits in the kernel (IORING_FEAT_NODROP), which then ends what completes many times.
const (
	sqEntries = 256
	cqEntries = 2048
)

// queues are the two rings that are shared with the kernel: one asks, the other answers. Heads and tails are never wrapped,
// and are written by one side and read by the other.
type queues struct {
	fd     int
	mapped []byte // both rings
	slots  []byte // the submissions that the first ring orders

	sqHead, sqTail *uint32
	sqFlags        *uint32
	sqMask         uint32
	sqes           []sqe
	tail           uint32 // of the submissions that are prepared

	cqHead, cqTail *uint32
	cqMask         uint32
	cqes           []cqe

	arg  getEventsArg // here, because the kernel is given addresses
	wait timespec
}

// open sets the rings up, disabled: they belong to the thread that enables them.
func (q *queues) open() error {
	var p params
	err := q.setup(&p, setupDeferTaskrun)
	if errors.Is(err, syscall.EINVAL) { // before 6.1
		err = q.setup(&p, setupCoopTaskrun)
	}
	switch {
	case errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("needs Linux 6.0: %w", err)
	case err != nil:
		return err
	}
	if want := uint32(featSingleMmap | featNoDrop | featExtArg); p.features&want != want {
		q.close()
		return fmt.Errorf("the kernel's io_uring has the features %#x, and not all of %#x", p.features, want)
	}
	if err := q.mmap(&p); err != nil {
		q.close()
		return os.NewSyscallError("mmap", err)
	}
	// Rings that are disabled refuse this call with EBADFD; a sandbox that knows only of the setup refuses it otherwise.
	if err := q.enter(0); !errors.Is(err, syscall.EBADFD) {
		q.close()
		return fmt.Errorf("io_uring_enter cannot be used: %w", err)
	}
	return nil
}

// setup asks for rings whose completions are gathered by io_uring_enter alone, and never interrupt the thread.
func (q *queues) setup(p *params, taskrun uint32) error {
	*p = params{flags: setupCQSize | setupClamp | setupDisabled | setupSingleIssuer | setupTaskrunFlag | taskrun, cqEntries: cqEntries}
	fd, _, e := syscall.RawSyscall(sysSetup, sqEntries, uintptr(unsafe.Pointer(p)), 0)
	if e != 0 {
		return os.NewSyscallError("io_uring_setup", e)
	}
	q.fd = int(fd)
	return nil
}

func (q *queues) mmap(p *params) (err error) {
	const prot, flags = syscall.PROT_READ | syscall.PROT_WRITE, syscall.MAP_SHARED | syscall.MAP_POPULATE
	size := max(p.sq.array+4*p.sqEntries, p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(cqe{})))
	if q.mapped, err = syscall.Mmap(q.fd, offRings, int(size), prot, flags); err != nil {
		return err
	}
	if q.slots, err = syscall.Mmap(q.fd, offSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})), prot, flags); err != nil {
		return err
	}
	at := func(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&q.mapped[offset])) }
	q.sqHead, q.sqTail, q.sqFlags, q.sqMask = at(p.sq.head), at(p.sq.tail), at(p.sq.flags), *at(p.sq.mask)
	q.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&q.slots[0])), p.sqEntries)
	for i, order := uint32(0), unsafe.Slice(at(p.sq.array), p.sqEntries); i < p.sqEntries; i++ {
		order[i] = i
	}
	q.cqHead, q.cqTail, q.cqMask = at(p.cq.head), at(p.cq.tail), *at(p.cq.mask)
	q.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&q.mapped[p.cq.cqes])), p.cqEntries)
	return nil
}

// pending is how many submissions the kernel has not taken.
func (q *queues) pending() int { return int(q.tail - atomic.LoadUint32(q.sqHead)) }

// next is an empty submission, which the kernel sees with the next enter. There must be room.
func (q *queues) next() *sqe {
	s := &q.sqes[q.tail&q.sqMask]
	*s = sqe{}
	q.tail++
	return s
}

// ready is how many completions there are.
func (q *queues) ready() int { return int(atomic.LoadUint32(q.cqTail) - *q.cqHead) }

// take takes the next completion, of which there must be one. Its place goes back to the kernel.
func (q *queues) take() cqe {
	head := *q.cqHead
	c := q.cqes[head&q.cqMask]
	atomic.StoreUint32(q.cqHead, head+1)
	return c
}

// waiting says that completions wait in the kernel to be gathered.
func (q *queues) waiting() bool { return atomic.LoadUint32(q.sqFlags)&(sqOverflow|sqTaskrun) != 0 }

// enter submits what is prepared and gathers what has completed. It waits until something has for that long, without
// end when that is negative.
func (q *queues) enter(wait time.Duration) error {
	n := uintptr(q.pending())
	atomic.StoreUint32(q.sqTail, q.tail)
	var e syscall.Errno
	if wait == 0 {
		_, _, e = syscall.RawSyscall6(sysEnter, uintptr(q.fd), n, 0, enterGetEvents, 0, 0)
	} else {
		q.arg = getEventsArg{}
		if wait > 0 {
			q.wait = timespec{sec: int64(wait / time.Second), nsec: int64(wait % time.Second)}
			q.arg.timeout = uint64(uintptr(unsafe.Pointer(&q.wait)))
		}
		_, _, e = syscall.Syscall6(sysEnter, uintptr(q.fd), n, 1, enterGetEvents|enterExtArg, uintptr(unsafe.Pointer(&q.arg)), unsafe.Sizeof(q.arg))
	}
	switch e {
	case 0, syscall.EINTR, syscall.ETIME: // also a signal or the time
		return nil
	case syscall.EBUSY, syscall.EAGAIN: // what has completed must be taken first, or memory is short
		return nil
	}
	return os.NewSyscallError("io_uring_enter", e)
}

// close closes the rings and unmaps them.
func (q *queues) close() {
	_ = syscall.Close(q.fd)
	for _, m := range [][]byte{q.mapped, q.slots} {
		if m != nil {
			_ = syscall.Munmap(m)
		}
	}
}

func register(ring int, op uintptr, arg unsafe.Pointer, n uintptr) error {
	_, _, e := syscall.RawSyscall6(sysRegister, uintptr(ring), op, uintptr(arg), n, 0, 0)
	if e != 0 {
		return os.NewSyscallError("io_uring_register", e)
	}
	return nil
}
