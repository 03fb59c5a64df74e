//go:build !linux

package datagram

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

// plainCall is how a plain sender sends.
const plainCall = "one call for each datagram"

// oneByOne sends with package net.
type oneByOne struct{ s *sockets }

func newSockets(s *sockets, cfg Config) (transport, error) {
	if cfg.Sender != Plain {
		return nil, errors.New("load: the sender gso needs Linux")
	}
	return oneByOne{s}, nil
}

func (o oneByOne) send(flow int, b []byte, size int) (n int, err error) {
	for ; len(b) >= size; b = b[size:] {
		if _, err := o.s.conns[flow].Write(b[:size]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (o oneByOne) close() { o.s.close() }

// grow leaves the buffer to package net, which does not tell what it has got.
func grow(syscall.RawConn, int) (got int, err error) { return 0, nil }

func dropped(syscall.RawConn) (int64, bool) { return 0, false }

// A receiver reads each socket from a goroutine.
type receiver struct {
	in    *intake
	socks *sockets
	room  int
}

func newReceiver(in *intake, s *sockets, room int, _ time.Duration) (*receiver, error) {
	return &receiver{in, s, room}, nil
}

// run reads until quit is closed.
func (rc *receiver) run(quit <-chan struct{}) {
	var all sync.WaitGroup
	for flow := range rc.socks.conns {
		all.Go(func() { rc.read(flow, quit) })
	}
	all.Wait()
}

func (rc *receiver) read(flow int, quit <-chan struct{}) {
	b, c := make([]byte, rc.room), rc.socks.conns[flow]
	for {
		select {
		case <-quit:
			return
		default:
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		n, _, err := c.ReadFromUDPAddrPort(b)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			rc.in.unreachable(err)
			continue
		}
		now := rc.in.r.clock.now()
		rc.in.mu.Lock()
		rc.in.take(flow, b[:n], false, now)
		rc.in.mu.Unlock()
		rc.in.more()
	}
}
