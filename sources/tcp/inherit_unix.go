//go:build unix

package tcp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/sockopt"
)

// SyscallConn gives the listening socket to those who hand it to another process. It is an error before Bind and when the socket
// is closed. The socket must go on not to block: os.File.Fd, and with it exec.Cmd.ExtraFiles, makes a file block, and with it all
// its duplicates, in every process.
func (s *Source) SyscallConn() (syscall.RawConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound == nil {
		return nil, errors.New("the source has no socket before Bind")
	}
	s.shared.Store(true)
	return s.ln.SyscallConn()
}

// takeOver makes a listener of the socket that was inherited. The caller holds mu.
func (s *Source) takeOver() (listener, net.Addr, error) {
	fail := func(err error) (listener, net.Addr, error) {
		return listener{}, nil, fmt.Errorf("the socket that was inherited cannot be served: %w", err)
	}
	raw, err := s.inherited.SyscallConn()
	if err != nil {
		return fail(err)
	}
	dup := -1
	var refused error
	if err := raw.Control(func(fd uintptr) { dup, refused = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return fail(err)
	}
	if refused != nil {
		return fail(os.NewSyscallError("fcntl", refused))
	}
	addr, err := listensAt(dup)
	if err == nil {
		err = s.matches(addr)
	}
	if err == nil {
		err = s.suit(addr)
	}
	if err == nil {
		err = os.NewSyscallError("fcntl", syscall.SetNonblock(dup, true))
	}
	if err == nil {
		err = s.setEarly(dup)
	}
	if err != nil {
		_ = syscall.Close(dup)
		return fail(err)
	}
	s.shared.Store(true) // with whoever has opened it
	ln := newListener(os.NewFile(uintptr(dup), addr.String()))
	if s.addr != "" && addr.Network() == "unix" {
		if err := s.ownFile(&ln, addr.String()); err != nil {
			ln.Close()
			return fail(err)
		}
	}
	return ln, addr, nil
}

// listensAt is the address of a socket that listens for connections.
func listensAt(fd int) (net.Addr, error) {
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err == nil && listens == 0 {
		return nil, errors.New("it does not listen")
	}
	if err != nil {
		return nil, os.NewSyscallError("getsockopt", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	switch a := name.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}, nil
	case *syscall.SockaddrInet6:
		zone := ""
		if iface, err := net.InterfaceByIndex(int(a.ZoneId)); a.ZoneId != 0 && err == nil {
			zone = iface.Name
		}
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port, Zone: zone}, nil
	case *syscall.SockaddrUnix:
		return &net.UnixAddr{Name: a.Name, Net: "unix"}, nil
	}
	return nil, errors.New("it is neither of TCP nor a unix socket")
}

// matches says whether a socket can have been opened for the address of the source. A host may be a name, and is not compared.
func (s *Source) matches(bound net.Addr) error {
	if s.addr == "" {
		if s.mode != nil {
			return errors.New("the option Mode is for a file that the source makes: say the mode where the socket is opened")
		}
		return nil
	}
	path, local := strings.CutPrefix(s.addr, unixPrefix)
	same := local && bound.Network() == "unix" && path == bound.String()
	if a, ok := bound.(*net.TCPAddr); ok && !local {
		_, service, err := net.SplitHostPort(s.addr)
		if err != nil {
			return err
		}
		port, err := net.LookupPort("tcp", service)
		if err != nil {
			return err
		}
		same = port == 0 || port == a.Port
	}
	if !same {
		return fmt.Errorf("it is bound to %s, and not to %s", bound, s.addr)
	}
	return nil
}

// suit has the options be those of the kind of socket that was inherited, which the address may not have told.
func (s *Source) suit(bound net.Addr) error {
	if bound.Network() == "unix" {
		if len(s.scoped(sockopt.TCP, sockopt.EachConn)) > 0 {
			return s.errOptionOfTCP()
		}
		return nil
	}
	for _, o := range defaults() {
		if s.addr == "" && !slices.ContainsFunc(s.asked, func(a sockopt.Option) bool { return a.Name == o.Name }) {
			s.asked = append(s.asked, o)
		}
	}
	return nil
}

// ownFile makes the file of a unix socket the source's, which has inherited the socket from the one that made the file.
func (s *Source) ownFile(ln *listener, path string) error {
	if strings.HasPrefix(path, "@") {
		return nil
	}
	made, err := os.Lstat(path)
	if err != nil || made.Mode().Type() != os.ModeSocket {
		return nil // it is gone: there is nothing to remove at the end
	}
	ln.path, ln.file = path, made
	if s.mode != nil {
		return os.Chmod(path, os.FileMode(*s.mode))
	}
	return nil
}
