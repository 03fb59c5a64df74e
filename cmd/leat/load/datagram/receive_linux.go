package datagram

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// receiveBatch is how many datagrams one call takes.
	receiveBatch = 64
	// rounds bounds how often a socket is read before the others have their turn.
	rounds = 16
	// glance is how often a receiver without input looks whether it is to end, in milliseconds.
	glance = 20
)

// A receiver reads all sockets from one thread of its own. It waits in epoll; while datagrams keep coming it naps instead, if it may,
// which lets many of them come for one call.
type receiver struct {
	in    *intake
	epoll int
	socks *sockets
	fds   []int
	hdrs  []mmsghdr
	bufs  [][]byte
	nap   time.Duration
}

func newReceiver(in *intake, s *sockets, room int, nap time.Duration) (*receiver, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	rc := &receiver{in: in, epoll: ep, socks: s, nap: nap, hdrs: make([]mmsghdr, receiveBatch)}
	iovs := make([]unix.Iovec, receiveBatch)
	for i := range rc.hdrs {
		b := make([]byte, room)
		rc.bufs = append(rc.bufs, b)
		iovs[i].Base = &b[0]
		iovs[i].SetLen(room)
		rc.hdrs[i].hdr.Iov = &iovs[i]
		rc.hdrs[i].hdr.SetIovlen(1)
	}
	for i, raw := range s.raws {
		raw.Control(func(fd uintptr) {
			rc.fds = append(rc.fds, int(fd))
			err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)})
		})
		if err != nil {
			_ = unix.Close(ep)
			return nil, os.NewSyscallError("epoll_ctl", err)
		}
	}
	return rc, nil
}

// run reads until quit is closed.
func (rc *receiver) run(quit <-chan struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() { _ = unix.Close(rc.epoll) }()
	defer runtime.KeepAlive(rc.socks)
	events := make([]unix.EpollEvent, 64)
	for {
		select {
		case <-quit:
			return
		default:
		}
		n, err := unix.EpollWait(rc.epoll, events, glance)
		if err != nil && err != unix.EINTR {
			return // the descriptor is ours, and open
		}
		got := 0
		for _, e := range events[:max(n, 0)] {
			got += rc.drain(int(e.Fd))
		}
		if got > 0 {
			rc.in.more()
			if rc.nap > 0 {
				d := unix.NsecToTimespec(int64(rc.nap))
				_ = unix.Nanosleep(&d, nil) // one that was cut short is as good
			}
		}
	}
}

// drain reads what a socket has.
func (rc *receiver) drain(flow int) (got int) {
	for range rounds {
		n, err := call(unix.SYS_RECVMMSG, rc.fds[flow], rc.hdrs)
		if err == unix.EAGAIN {
			return got
		}
		if err != nil { // an ICMP message about what this socket has sent; what came lies behind it
			rc.in.unreachable(err)
			continue
		}
		now := rc.in.r.clock.now()
		rc.in.mu.Lock()
		for i := range n {
			h := &rc.hdrs[i]
			rc.in.take(flow, rc.bufs[i][:h.n], h.hdr.Flags&unix.MSG_TRUNC != 0, now)
		}
		rc.in.mu.Unlock()
		got += n
		if n < len(rc.hdrs) {
			return got
		}
	}
	return got
}
