// Package rival is what the receivers that are compared have in common: they print the address that they listen on, and when
// they are told to end, how many datagrams they have had.
package rival

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Buffer is the receive buffer of all of them, in bytes.
const Buffer = 8 << 20

var (
	count func() uint64
	echo  = slices.Contains(os.Args[1:], "echo")
)

// Echo says whether datagrams are to be sent back.
func Echo() bool { return echo }

// Listen opens a socket on a free port of the loopback interface, with the buffer that all have.
func Listen() *net.UDPConn {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	raw, err := c.SyscallConn()
	if err == nil {
		_ = raw.Control(func(fd uintptr) {
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, Buffer) != nil {
				_ = c.SetReadBuffer(Buffer)
			}
		})
	}
	return c
}

// Ready prints the address. When SIGTERM comes, end is called; Done must follow then.
func Ready(addr net.Addr, packets func() uint64, end func()) {
	count = packets
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() { <-stop; end() }()
	fmt.Println(addr)
}

// Done prints how many datagrams there were.
func Done() { fmt.Println(count()) }
