//go:build !linux

package udp

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"syscall"

	"github.com/leat-io/leat/pipeline"
)

// Where it is not Linux a source has what package net has: no control messages, no count of what the kernel drops.

type kernelPart struct{}

func (s *Source) early(uintptr) error {
	for _, o := range []struct {
		asked bool
		what  string
	}{
		{s.engine.lanes(s) > 1, "more than one lane"},
		{s.extras&wantDestination != 0, "Destination"},
		{s.extras&wantTTL != 0, "TTL"},
		{s.extras&wantTOS != 0, "TOS"},
		{s.extras&wantTime != 0, "Timestamps"},
		{len(s.groups) > 0, "Multicast"},
	} {
		if o.asked {
			return fmt.Errorf("%s is not available on %s: %w", o.what, runtime.GOOS, errors.ErrUnsupported)
		}
	}
	return nil
}

// prepare asks for half as much where a buffer is too large for the system.
func (k *socket) prepare() error {
	k.enlarge(k.source.receive, k.conn.SetReadBuffer)
	if k.source.send > 0 {
		k.enlarge(k.source.send, k.conn.SetWriteBuffer)
	}
	return nil
}

func (*socket) enlarge(bytes int, set func(int) error) {
	for ; bytes >= 4<<10 && set(bytes) != nil; bytes /= 2 {
	}
}

// seal has no way to keep out what arrives from now on.
func (*socket) seal() (ok bool) { return false }

func (*Source) socketGauges() []pipeline.Gauge { return nil }

// wsaEMSGSIZE is the error with which Windows says that a datagram was longer than the buffer.
const wsaEMSGSIZE = syscall.Errno(10040)

func (r *stdReader) read() (n int, peer netip.AddrPort, err error) {
	n, peer, err = r.socket.conn.ReadFromUDPAddrPort(r.buf)
	if runtime.GOOS == "windows" && errors.Is(err, wsaEMSGSIZE) {
		return len(r.buf), peer, nil
	}
	return n, peer, err
}

func (*stdReader) explain(*Packet) {}

// readable has nobody to ask.
func (*socket) readable() (yes, known bool) { return false, false }

// lastLook has nothing to read.
func (*socket) lastLook() {}

// release is for sockets that are not package net's, which there are none of.
func (*socket) release() {}
