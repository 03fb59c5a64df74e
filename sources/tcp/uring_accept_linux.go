package tcp

import (
	"errors"
	"net/netip"
	"syscall"

	"github.com/leat-io/leat/internal/uring"
)

// listen has connections accepted before they are asked for. With a rate they are to wait in the backlog, so then the
// acceptor takes them by hand.
func (f *completions) listen(a *acceptor) error {
	f.byHand = a.source.intake.rate != nil
	return f.accept()
}

// accept begins to accept, or to await what can be. io_uring does not wait for a socket that does not block, and the acceptor
// must not wait for one that does.
func (f *completions) accept() error {
	f.byHand = f.byHand || f.engine.shared.Load() // another process may rely on it not to block
	if err := syscall.SetNonblock(f.engine.acceptor.fd, f.byHand); err != nil {
		return err
	}
	f.heard = true
	if f.byHand {
		f.ring.Await(f.engine.acceptor.fd, uring.In, idListen)
	} else {
		f.ring.Accept(f.engine.acceptor.fd, syscall.SOCK_CLOEXEC, idAccept)
	}
	return nil
}

func (f *completions) deafen(*acceptor) {
	if f.byHand {
		f.ring.Cancel(idListen)
	} else {
		f.ring.Cancel(idAccept)
	}
}

// accepted serves a connection. After an error it is for the acceptor, from then on, which knows what to do for want of
// descriptors or memory: io_uring takes a descriptor before it looks whether anybody waits, so it would report that over and over.
func (f *completions) accepted(c uring.Completion) {
	switch {
	case c.Err == nil:
		f.engine.adopt(c.Result, netip.AddrPortFrom(f.origin(c.Result), 0))
	case errors.Is(c.Err, syscall.ECANCELED), errors.Is(c.Err, syscall.ECONNABORTED), errors.Is(c.Err, syscall.EINTR):
	default:
		f.byHand = true
	}
	if !c.More {
		f.listenOn()
	}
}

func (f *completions) ready(c uring.Completion) {
	f.engine.acceptor.Ready(uring.In)
	if !c.More {
		f.listenOn()
	}
}

// listenOn begins again, unless the source has stopped: then nothing is under way any more.
func (f *completions) listenOn() {
	a := &f.engine.acceptor
	f.heard = false
	var err error
	if a.ended {
		err = syscall.SetNonblock(a.fd, true)
		a.rest()
	} else {
		err = f.accept()
	}
	if err != nil {
		f.engine.complain(err)
	}
}

// origin is the address of a peer, if it matters.
func (f *completions) origin(fd int) (from netip.Addr) {
	if !f.engine.table.ByAddress() {
		return from
	}
	switch a, _ := syscall.Getpeername(fd); a := a.(type) {
	case *syscall.SockaddrInet4:
		from = netip.AddrFrom4(a.Addr)
	case *syscall.SockaddrInet6:
		from = netip.AddrFrom16(a.Addr)
	}
	return from
}
