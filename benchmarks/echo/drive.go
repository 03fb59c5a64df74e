//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/benchmarks/measure"
)

// driven is what the client reports.
type driven struct {
	Requests  int64         `json:"requests"`
	Elapsed   time.Duration `json:"elapsed"`
	ServerCPU time.Duration `json:"server_cpu"`
}

// warm is how long the load is on before anything is counted.
const warm = 300 * time.Millisecond

func driveMain(args []string) error {
	if len(args) != 5 {
		return errors.New("drive wants an address, connections, depth, a time and the server's process")
	}
	addr, err := netip.ParseAddrPort(args[0])
	conns, err2 := strconv.Atoi(args[1])
	depth, err3 := strconv.Atoi(args[2])
	length, err4 := time.ParseDuration(args[3])
	pid, err5 := strconv.Atoi(args[4])
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		return err
	}
	res, err := drive(addr, conns, depth, length, pid)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

// drive keeps depth messages in flight on each connection from one epoll loop, and checks what comes back.
func drive(addr netip.AddrPort, conns, depth int, length time.Duration, pid int) (res driven, err error) {
	runtime.LockOSThread()
	ep, err := unix.EpollCreate1(0)
	if err != nil {
		return res, err
	}
	window := make([]byte, message*depth)
	for i := range window {
		window[i] = byte(i)
	}
	var fds []int
	top := 0
	for range conns {
		fd, err := connect(addr)
		if err != nil {
			return res, err
		}
		fds, top = append(fds, fd), max(top, fd)
		if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return res, err
		}
	}
	got := make([]int, top+1)
	for _, fd := range fds {
		if _, err := unix.Write(fd, window); err != nil {
			return res, err
		}
	}
	var cpu time.Duration
	began := time.Now()
	counting := false
	buf, events := make([]byte, 64<<10), make([]unix.EpollEvent, 256)
	for n := int64(0); ; {
		k, err := unix.EpollWait(ep, events, 1000)
		if err == unix.EINTR {
			continue
		}
		if err != nil || k == 0 {
			return res, fmt.Errorf("nothing came for a second: %w", err)
		}
		for _, ev := range events[:k] {
			m, err := answer(int(ev.Fd), buf, window, got)
			if err != nil {
				return res, err
			}
			n += int64(m)
		}
		switch passed := time.Since(began); {
		case !counting && passed > warm:
			counting, n, began = true, 0, time.Now()
			if cpu, err = measure.CPUTime(pid); err != nil {
				return res, err
			}
		case counting && passed > length:
			end, err := measure.CPUTime(pid)
			return driven{Requests: n, Elapsed: passed, ServerCPU: end - cpu}, err
		}
	}
}

// answer reads what has come; when a whole window is there it sends the next.
func answer(fd int, buf, window []byte, got []int) (requests int, err error) {
	k, err := unix.Read(fd, buf[:len(window)-got[fd]])
	switch {
	case err == unix.EAGAIN:
		return 0, nil
	case err != nil:
		return 0, err
	case k == 0:
		return 0, errors.New("the server closed a connection")
	case buf[0] != window[got[fd]] || buf[k-1] != window[got[fd]+k-1]:
		return 0, errors.New("what came back is not what was sent")
	}
	if got[fd] += k; got[fd] < len(window) {
		return 0, nil
	}
	got[fd] = 0
	if n, err := unix.Write(fd, window); err != nil || n < len(window) {
		return 0, fmt.Errorf("wrote %d of %d bytes: %w", n, len(window), err)
	}
	return len(window) / message, nil
}

func connect(addr netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		return 0, err
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return 0, err
	}
	return fd, unix.SetNonblock(fd, true)
}
