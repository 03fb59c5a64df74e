package udp

import (
	"errors"
	"net"
	"syscall"
)

// transmitPlain sends with package net, one packet with each system call.
func (s *send) transmitPlain(k *socket, b []*Packet) {
	for _, p := range b {
		to, ok := k.destination(p)
		if !ok {
			k.source.counts.unsent.count(unsentNoPeer, 1)
			continue
		}
		var err error
		if k.peer.IsValid() {
			_, err = k.conn.Write(p.Data)
		} else {
			_, err = k.conn.WriteToUDPAddrPort(p.Data, to)
		}
		if err != nil {
			k.source.counts.unsent.count(whyUnsent(err), 1)
			continue
		}
		s.lane.Wrote(len(p.Data))
	}
}

// whyUnsent is the reason as it is counted.
func whyUnsent(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return unsentRefused
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOBUFS):
		return unsentFull
	case errors.Is(err, syscall.EMSGSIZE):
		return unsentTooLong
	case errors.Is(err, net.ErrClosed):
		return unsentClosed
	}
	return unsentFailed
}
