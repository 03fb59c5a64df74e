package uring

// The kernel's interface, from its include/uapi/linux/io_uring.h. Names are those of the header without the prefix.

// System calls, whose numbers are the same on the machines that the ring serves.
const (
	sysSetup    = 425
	sysEnter    = 426
	sysRegister = 427
)

// Flags of io_uring_setup(2).
const (
	setupCQSize       = 1 << 3
	setupClamp        = 1 << 4
	setupDisabled     = 1 << 6
	setupCoopTaskrun  = 1 << 8 // 5.19
	setupTaskrunFlag  = 1 << 9
	setupSingleIssuer = 1 << 12 // 6.0
	setupDeferTaskrun = 1 << 13 // 6.1
)

// Features that the kernel reports in answer.
const (
	featSingleMmap = 1 << 0
	featNoDrop     = 1 << 1
	featExtArg     = 1 << 8
)

// Where the rings lie in the file of io_uring, for mmap(2).
const (
	offRings = 0
	offSQEs  = 0x10000000
)

// What the kernel says in the flags of the submission ring.
const (
	sqOverflow = 1 << 1 // completions wait for room
	sqTaskrun  = 1 << 2 // completions wait for io_uring_enter
)

// Flags of io_uring_enter(2).
const (
	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3
)

// Operations of io_uring_register(2).
const (
	registerEnable   = 12
	registerBuffers  = 22
	unregisterBuffer = 23
)

// Operations, and their flags.
const (
	opPollAdd     = 6
	opAccept      = 13
	opAsyncCancel = 14
	opRecv        = 27

	sqeBufferSelect = 1 << 5 // of all operations

	pollMulti   = 1 << 0 // in len
	acceptMulti = 1 << 0 // in ioprio
	recvMulti   = 1 << 1 // in ioprio
	cancelAll   = 1 << 0
	cancelAny   = 1 << 2
)

// Flags of completions. The number of a buffer stands in the upper half.
const (
	cqeBuffer      = 1 << 0
	cqeMore        = 1 << 1
	cqeBufferShift = 16
)

// params is struct io_uring_params.
type params struct {
	sqEntries, cqEntries, flags, threadCPU, threadIdle, features, wq uint32
	_                                                                [3]uint32
	sq                                                               sqOffsets
	cq                                                               cqOffsets
}

// sqOffsets is struct io_sqring_offsets.
type sqOffsets struct {
	head, tail, mask, entries, flags, dropped, array, _ uint32
	_                                                   uint64
}

// cqOffsets is struct io_cqring_offsets.
type cqOffsets struct {
	head, tail, mask, entries, overflow, cqes, flags, _ uint32
	_                                                   uint64
}

// sqe is struct io_uring_sqe: what is asked of the kernel.
type sqe struct {
	op       uint8
	flags    uint8
	ioprio   uint16
	fd       int32
	off      uint64
	addr     uint64
	len      uint32
	opFlags  uint32 // of poll the events, of accept those of the new descriptor, of cancel its own
	userData uint64
	group    uint16
	_        uint16
	_        uint32
	_        [2]uint64
}

// cqe is struct io_uring_cqe: what the kernel answers.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

// getEventsArg is struct io_uring_getevents_arg.
type getEventsArg struct {
	sigmask   uint64
	sigmaskSz uint32
	_         uint32
	timeout   uint64 // address of a timespec
}

// timespec is struct __kernel_timespec.
type timespec struct{ sec, nsec int64 }

// bufReg is struct io_uring_buf_reg.
type bufReg struct {
	addr    uint64
	entries uint32
	group   uint16
	_       uint16
	_       [3]uint64
}

// buf is struct io_uring_buf. The last two bytes of the first in a ring are its tail.
type buf struct {
	addr uint64
	len  uint32
	id   uint16
	_    uint16
}
