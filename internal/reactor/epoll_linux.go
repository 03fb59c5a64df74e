package reactor

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a descriptor is watched for, and what is reported. Hung means that nothing more than what has arrived will come, Urgent
// that a read may stop in front of an urgent byte although there is more behind it (tcp(7)).
const (
	In     = syscall.EPOLLIN
	Out    = syscall.EPOLLOUT
	Urgent = syscall.EPOLLPRI
	Hung   = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR

	edge = 1 << 31 // EPOLLET, which package syscall has as a negative number
)

// maxEvents is the most descriptors of one turn. What one turn reads of each lies in memory together until its batch ends.
const maxEvents = 256

// A Handler is told of the events of one descriptor, on the loop.
type Handler interface{ Ready(events uint32) }

// Epoll is the kernel's part of a loop that watches descriptors (epoll(7)). All methods but Modify and Wake are for what runs
// on the loop, or for before it runs.
type Epoll struct {
	fd, event  int
	watched    []*[page]watch // by descriptor
	generation int32
	events     [maxEvents]syscall.EpollEvent
	ready      []syscall.EpollEvent // what Poll has found
	coarse     bool                 // the kernel cannot wait for less than a millisecond
}

// page is how many descriptors have their watches in one piece of memory, so that many do not cost twice while they grow.
const page = 512

// A watch is who handles the events of a descriptor. The generation tells them from events of an earlier descriptor with
// the same number, which may still be on their way.
type watch struct {
	handler    Handler
	generation int32
}

// NewEpoll watches nothing yet.
func NewEpoll() (*Epoll, error) {
	ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	fd, _, e := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if e != 0 {
		_ = syscall.Close(ep)
		return nil, os.NewSyscallError("eventfd2", e)
	}
	p := &Epoll{fd: ep, event: int(fd)}
	if _, err := p.Add(p.event, In, woken{}); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// woken handles the descriptor that ends a sleep. Its count is never read: each write to it is an edge.
type woken struct{}

func (woken) Ready(uint32) {}

// Add watches a descriptor until Remove, for In or Out and always for Hung and Urgent. The generation is for Modify, and never
// 0.
func (p *Epoll) Add(fd int, events uint32, h Handler) (generation int32, err error) {
	if p.generation++; p.generation == 0 {
		p.generation++
	}
	err = p.control(syscall.EPOLL_CTL_ADD, fd, p.generation, events)
	if err != nil {
		return 0, err
	}
	for fd/page >= len(p.watched) {
		p.watched = append(p.watched, nil)
	}
	if p.watched[fd/page] == nil {
		p.watched[fd/page] = new([page]watch)
	}
	p.watched[fd/page][fd%page] = watch{h, p.generation}
	return p.generation, nil
}

// Modify changes what a descriptor is watched for, and has events that hold now reported again. Any goroutine may call it as
// long as the descriptor is not closed.
func (p *Epoll) Modify(fd int, generation int32, events uint32) error {
	return p.control(syscall.EPOLL_CTL_MOD, fd, generation, events)
}

// Quiet has a descriptor watched for its end alone, until Modify. What arrives then leaves a thread that sleeps alone. While urgent bytes
// are watched for it would not, since the kernel wakes for them with whatever arrives, to look (sock_def_readable, net/core/sock.c).
func (p *Epoll) Quiet(fd int, generation int32) error {
	return p.set(syscall.EPOLL_CTL_MOD, fd, generation, 0)
}

func (p *Epoll) control(op, fd int, generation int32, events uint32) error {
	return p.set(op, fd, generation, events|Urgent)
}

func (p *Epoll) set(op, fd int, generation int32, events uint32) error {
	ev := syscall.EpollEvent{Events: events | syscall.EPOLLRDHUP | edge, Fd: int32(fd), Pad: generation}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(p.fd, op, fd, &ev))
}

// Remove forgets a descriptor that is about to be closed, which also ends the kernel's part.
func (p *Epoll) Remove(fd int) { p.watched[fd/page][fd%page] = watch{} }

// Release forgets a descriptor that stays open.
func (p *Epoll) Release(fd int) {
	_ = syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_DEL, fd, nil)
	p.Remove(fd)
}

// Begin implements Kernel.
func (p *Epoll) Begin() error { return nil }

// Poll implements Kernel.
func (p *Epoll) Poll(wait time.Duration) (int, error) {
	var n uintptr
	var e syscall.Errno
	switch {
	case wait == 0:
		at := uintptr(unsafe.Pointer(&p.events[0]))
		n, _, e = syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.fd), at, maxEvents, 0, 0, 0)
	case wait > 0 && !p.coarse:
		n, e = p.waitExactly(wait)
	default:
		n, e = p.waitCoarsely(wait)
	}
	if e != 0 {
		n = 0
	}
	p.ready = p.events[:n]
	if e != 0 && e != syscall.EINTR {
		return 0, os.NewSyscallError("epoll_pwait", e)
	}
	return int(n), nil
}

// waitExactly waits for a time in nanoseconds (epoll_pwait2, Linux 5.11). Where that is missing, or a sandbox is against it, it
// waits in milliseconds from then on.
func (p *Epoll) waitExactly(wait time.Duration) (n uintptr, e syscall.Errno) {
	spec := struct{ sec, nsec int64 }{int64(wait / time.Second), int64(wait % time.Second)}
	n, _, e = syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), maxEvents,
		uintptr(unsafe.Pointer(&spec)), 0, 0)
	if p.coarse = e == syscall.ENOSYS || e == syscall.EPERM; p.coarse {
		return p.waitCoarsely(wait)
	}
	return n, e
}

// waitCoarsely waits in milliseconds, rounded up so that what is due then is due when it returns, or without end.
func (p *Epoll) waitCoarsely(wait time.Duration) (n uintptr, e syscall.Errno) {
	ms := -1
	if wait > 0 {
		ms = int((wait + time.Millisecond - 1) / time.Millisecond)
	}
	n, _, e = syscall.Syscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), maxEvents, uintptr(ms), 0, 0)
	return n, e
}

// Serve implements Kernel.
func (p *Epoll) Serve() (more bool) {
	for i := range p.ready {
		ev := &p.ready[i]
		if w := &p.watched[ev.Fd/page][ev.Fd%page]; w.generation == ev.Pad && w.handler != nil {
			w.handler.Ready(ev.Events)
		}
	}
	more = len(p.ready) == maxEvents
	p.ready = nil
	return more
}

// Wake implements Kernel.
func (p *Epoll) Wake() {
	one := [8]byte{0: 1} // in either order of bytes it is more than 0
	_, _ = syscall.Write(p.event, one[:])
}

// Close implements Kernel.
func (p *Epoll) Close() {
	_ = syscall.Close(p.fd)
	_ = syscall.Close(p.event)
}
