package load

import (
	"context"
	"errors"
	"net"
	"os"
	"reflect"
	"syscall"
	"time"

	"github.com/leat-io/leat/internal/reactor"
)

// A caller waits for a link to open.
type caller interface {
	opened()
	refused(err error) // the link is closed
}

// connect begins to open the link. Its caller is told of the outcome, maybe at once.
func (k *link) connect(a syscall.Sockaddr, c caller) {
	k.caller = c
	connecting, err := k.begin(a)
	switch {
	case err != nil:
		k.refuse(err)
	case !connecting:
		k.opened()
	}
}

// begin asks the kernel for a connection.
func (k *link) begin(a syscall.Sockaddr) (connecting bool, err error) {
	family, a := own(a)
	k.fd, err = syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		k.fd = -1
		return false, os.NewSyscallError("socket", err)
	}
	k.torn = family == syscall.AF_UNIX
	if !k.torn {
		if err := syscall.SetsockoptInt(k.fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
			return false, os.NewSyscallError("setsockopt", err)
		}
	}
	events := uint32(reactor.In)
	switch err := syscall.Connect(k.fd, a); err {
	case nil:
	case syscall.EINPROGRESS, syscall.EINTR: // also then it goes on (connect(2))
		connecting, k.roomed = true, true
		events |= reactor.Out
	default:
		return false, os.NewSyscallError("connect", err)
	}
	k.watched, err = k.loop.epoll.Add(k.fd, events, k)
	return connecting, err
}

// own is a copy of a socket address that several loops have: package syscall writes to one when it is used.
func own(a syscall.Sockaddr) (family int, copied syscall.Sockaddr) {
	switch a := a.(type) {
	case *syscall.SockaddrInet4:
		return syscall.AF_INET, &syscall.SockaddrInet4{Port: a.Port, Addr: a.Addr}
	case *syscall.SockaddrInet6:
		return syscall.AF_INET6, &syscall.SockaddrInet6{Port: a.Port, ZoneId: a.ZoneId, Addr: a.Addr}
	case *syscall.SockaddrUnix:
		return syscall.AF_UNIX, &syscall.SockaddrUnix{Name: a.Name}
	}
	return syscall.AF_UNSPEC, a
}

// settled is told that the attempt to connect has come to an end.
func (k *link) settled() {
	code, err := syscall.GetsockoptInt(k.fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	switch {
	case err != nil:
		k.refuse(os.NewSyscallError("getsockopt", err))
	case code != 0:
		k.refuse(os.NewSyscallError("connect", syscall.Errno(code)))
	case k.toItself():
		k.refuse(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	default:
		k.opened()
	}
}

// toItself reports whether the socket is its own peer. On the loopback interface the kernel connects a socket to the port from which
// it happens to be sent if nobody listens there, and what it says comes back as an echo would.
func (k *link) toItself() bool {
	ours, err := syscall.Getsockname(k.fd)
	if err != nil {
		return false
	}
	theirs, err := syscall.Getpeername(k.fd)
	return err == nil && reflect.DeepEqual(ours, theirs)
}

func (k *link) opened() {
	c := k.caller
	k.caller = nil
	c.opened()
}

// refuse closes the link and tells its caller why.
func (k *link) refuse(err error) {
	c, t := k.caller, k.loop.driver.endpoints[k.target].target
	k.close()
	k.caller = nil
	c.refused(&net.OpError{Op: "dial", Net: t.network, Addr: named(t), Err: err})
}

// named is a target as an address of an error.
type named target

func (n named) Network() string { return n.network }
func (n named) String() string  { return n.address }

// open opens the link before the run and waits for it, until the context ends.
func (k *link) open(ctx context.Context, a syscall.Sockaddr) (took time.Duration, err error) {
	d := &dialing{outcome: make(chan error, 1)}
	var began time.Time
	k.loop.events.Post(call(func() {
		began = time.Now()
		k.connect(a, d)
	}))
	canceled := ctx.Done()
	for {
		select {
		case err = <-d.outcome:
			return d.ended.Sub(began), err
		case <-canceled:
			canceled = nil
			k.loop.events.Post(call(func() {
				if k.caller != nil {
					k.refuse(cause(ctx))
				}
			}))
		case <-k.loop.ended:
			return 0, k.loop.err
		}
	}
}

// cause is why an attempt was given up.
func cause(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return os.ErrDeadlineExceeded
}

// A dialing is the caller of a link before the run.
type dialing struct {
	outcome chan error
	ended   time.Time
}

func (d *dialing) opened() { d.refused(nil) }

func (d *dialing) refused(err error) {
	d.ended = time.Now()
	d.outcome <- err
}
