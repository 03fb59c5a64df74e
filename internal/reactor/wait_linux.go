package reactor

import (
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// longest is how long the loop sleeps at most when something is due: the kernel takes milliseconds in 32 bits, 24 days.
const longest = 24 * time.Hour

// wait fills events and returns how many there are. It sleeps when there are none and the loop has nothing else to do.
//
// The first look does not wait, which skips what the runtime does around a call that may, and is all there is to it on a busy
// loop.
func (l *Loop) wait(busy bool) int {
	n := l.poll(0)
	if n > 0 || busy || l.woken.Load() {
		return n
	}
	if l.Shared {
		runtime.Gosched()
		if n := l.poll(0); n > 0 || l.woken.Load() {
			return n
		}
	}
	var due time.Time
	for _, r := range l.riders {
		if at := r.Due(); !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	wait := -1
	if !due.IsZero() {
		// Rounded up, so that it is due when the loop wakes.
		if wait = int((min(time.Until(due), longest) + time.Millisecond - 1) / time.Millisecond); wait <= 0 {
			return 0
		}
	}
	for _, r := range l.riders {
		r.Rest()
	}
	l.turns.Add(1)
	l.sleeping.Store(true)
	if !l.woken.Load() { // whoever wakes it now has seen that it sleeps, or is seen here
		n = l.poll(wait)
	}
	l.sleeping.Store(false)
	l.turns.Add(1)
	for _, r := range l.riders {
		r.Work()
	}
	return n
}

// poll asks the kernel for events, and waits for them for ms milliseconds, without end when that is negative.
func (l *Loop) poll(ms int) int {
	p := uintptr(unsafe.Pointer(&l.events[0]))
	var n uintptr
	var e syscall.Errno
	if ms == 0 {
		n, _, e = syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll), p, maxEvents, 0, 0, 0)
	} else {
		n, _, e = syscall.Syscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll), p, maxEvents, uintptr(ms), 0, 0)
	}
	switch e {
	case 0:
		return int(n)
	case syscall.EINTR:
	default:
		l.err = os.NewSyscallError("epoll_pwait", e)
	}
	return 0
}
