package health

import (
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/reactor"
)

// A wire is the socket of one probe. All of it is guarded by the mu of the monitor, and only its loop opens and closes it.
type wire struct {
	station *station
	p       *probe
	fd      int
	state   wireState
	to      syscall.Sockaddr
	domain  int
	mark    int32     // of its watch
	awake   bool      // what comes wakes the loop
	fresh   bool      // no check has succeeded on it
	calm    bool      // it is one of those of the station
	since   time.Time // when it was dialed
	in      []byte    // of a reply that comes in parts
}

type wireState uint8

const (
	unwired wireState = iota
	dialing
	asked
	idle
)

// call begins a check. A kept connection serves it as long as it is not too old, and nothing has come on it that nobody asked for.
func (w *wire) call(s *station, p *probe, now time.Time, haste bool) {
	w.station, w.p = s, p
	if w.state == idle {
		if n, _ := nonblock.Arrived(w.fd); n > 0 || now.Sub(w.since) >= s.m.o.Reconnect {
			w.close()
		}
	}
	if w.state != idle {
		w.dial(now)
		return
	}
	w.fresh = false
	if haste {
		w.awaken(true)
	} else if !w.calm {
		w.calm = true
		s.calm = append(s.calm, w)
	}
	w.ask(s.m.script.send)
}

// awaken has what comes on the connection wake the loop, or its end only.
func (w *wire) awaken(on bool) {
	var err error
	switch {
	case w.awake == on:
		return
	case on:
		err = w.station.epoll.Modify(w.fd, w.mark, reactor.In)
	default:
		err = w.station.epoll.Quiet(w.fd, w.mark)
	}
	if err == nil {
		w.awake = on
	}
}

func (w *wire) close() {
	if w.state == unwired {
		return
	}
	if w.mark != 0 {
		w.station.epoll.Remove(w.fd)
	}
	nonblock.Close(w.fd)
	w.state, w.mark, w.p.connected = unwired, 0, false
}

// dial connects, and learns from an event how that went.
func (w *wire) dial(now time.Time) {
	if w.to == nil {
		w.domain, w.to = sockaddr(w.p.addr)
	}
	fd, err := syscall.Socket(w.domain, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		w.finish(os.NewSyscallError("socket", err))
		return
	}
	// A connection that is over is reset: it holds no port for a minute.
	_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	w.fd, w.state, w.fresh, w.since = fd, dialing, true, now
	if err = syscall.Connect(fd, w.to); err == syscall.EINPROGRESS {
		err = syscall.Connect(fd, w.to) // which asks how far it is: on the same machine it is done
	}
	if err != nil && err != syscall.EALREADY {
		w.fail(os.NewSyscallError("connect", err))
		return
	}
	if w.station.m.script.judge == nil && err == nil {
		w.connected(reactor.Out)
		return
	}
	if w.mark, err = w.station.epoll.Add(fd, reactor.In|reactor.Out, w); err != nil {
		w.fail(err)
	}
	w.awake = true
}

func sockaddr(a netip.AddrPort) (domain int, to syscall.Sockaddr) {
	if ip := a.Addr().Unmap(); ip.Is4() {
		return syscall.AF_INET, &syscall.SockaddrInet4{Port: int(a.Port()), Addr: ip.As4()}
	}
	return syscall.AF_INET6, &syscall.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// Ready implements reactor.Handler.
func (w *wire) Ready(events uint32) {
	m := w.station.m
	m.mu.Lock()
	defer m.mu.Unlock()
	switch w.state {
	case unwired:
	case idle: // nothing was asked: it has ended, or says something that nobody understands
		if events&(reactor.In|reactor.Hung) != 0 {
			w.close()
			if !w.fresh {
				m.urge(w.p, time.Now())
			}
		}
	case dialing:
		w.connected(events)
	case asked:
		w.hear(events)
	}
}

func (w *wire) connected(events uint32) {
	code, err := syscall.GetsockoptInt(w.fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err == nil && code != 0 {
		err = syscall.Errno(code)
	}
	s := w.station.m.script
	if err == nil && events&reactor.Out != 0 && w.isOwnPeer() {
		err = syscall.ECONNREFUSED
	}
	switch {
	case err != nil:
		w.fail(os.NewSyscallError("connect", err))
	case events&reactor.Out == 0:
	case s.judge == nil:
		w.close()
		w.finish(nil)
	default:
		w.ask(append(s.open[:len(s.open):len(s.open)], s.send...))
		if w.state == asked {
			w.hear(events)
		}
	}
}

// isOwnPeer reports whether the socket has been connected with itself, which happens to one that was given the port as its own that
// it connects to, when nobody listens there (simultaneous open, RFC 9293, section 3.5).
func (w *wire) isOwnPeer() bool {
	switch own, _ := syscall.Getsockname(w.fd); own := own.(type) {
	case *syscall.SockaddrInet4:
		return own.Port == int(w.p.addr.Port()) && own.Addr == w.p.addr.Addr().Unmap().As4()
	case *syscall.SockaddrInet6:
		return own.Port == int(w.p.addr.Port()) && own.Addr == w.p.addr.Addr().As16()
	}
	return false
}

// ask sends all that there is to send. So little fits into the buffer of a socket that has nothing in it.
func (w *wire) ask(b []byte) {
	w.state, w.in = asked, w.in[:0]
	w.p.connected = true
	if len(b) == 0 {
		return
	}
	if _, err := nonblock.Write(w.fd, b); err != nil {
		w.fail(os.NewSyscallError("send", err))
	}
}

// fail ends a check that has failed. On a kept connection that may have other reasons, so a fresh one decides.
func (w *wire) fail(err error) {
	w.close()
	if w.fresh {
		w.finish(err)
		return
	}
	w.dial(time.Now())
}

func (w *wire) finish(err error) { w.station.m.finish(w.p, err, time.Now()) }
