package veth

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A Link joins two hosts of [NewTUN] over a distance. It passes packets on in their order, each when it has been kept for the delay,
// and has no limit of speed but that of one processor.
type Link struct {
	Delay time.Duration // in each direction
	Size  int           // bytes that may be under way in each direction; packets that do not fit are dropped, as a router does
}

// packets is how many may be under way in each direction: what 64 MiB are in packets of 1 KiB.
const packets = 64 << 10

// Carry passes packets on between two wires until stop can be read or has ended, as a pipe has whose other end is closed. It returns
// how many packets it has dropped. It runs on a thread of its own, which wakes when a packet is due.
func (l Link) Carry(a, b, stop *os.File) (dropped uint64, err error) {
	type end struct {
		dropped uint64
		err     error
	}
	ended := make(chan end)
	go func() {
		runtime.LockOSThread() // and never unlocked, because of what is asked of the thread
		dropped, err := l.carry(a, b, stop)
		ended <- end{dropped, err}
	}()
	e := <-ended
	return e.dropped, e.err
}

func (l Link) carry(a, b, stop *os.File) (dropped uint64, err error) {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil { // it would be 50 µs
		return 0, err
	}
	ways := []*way{{from: a, to: b, fifo: newFifo(l.Size, packets)}, {from: b, to: a, fifo: newFifo(l.Size, packets)}}
	for {
		var wait *unix.Timespec // nil: until something comes
		for _, w := range ways {
			if t, some := w.wait(); some && (wait == nil || t < time.Duration(wait.Nano())) {
				left := unix.NsecToTimespec(t.Nanoseconds())
				wait = &left
			}
		}
		ready := []unix.PollFd{{Fd: int32(a.Fd()), Events: unix.POLLIN}, {Fd: int32(b.Fd()), Events: unix.POLLIN}, {Fd: int32(stop.Fd()), Events: unix.POLLIN}}
		if _, err := unix.Ppoll(ready, wait, nil); err == unix.EINTR {
			continue
		} else if err != nil {
			return 0, fmt.Errorf("poll of a link: %w", err)
		}
		if ready[2].Revents != 0 {
			return ways[0].dropped + ways[1].dropped, nil
		}
		for i, w := range ways {
			if ready[i].Revents != 0 {
				if err := w.take(l.Delay); err != nil {
					return 0, err
				}
			}
			if err := w.give(); err != nil {
				return 0, err
			}
		}
	}
}

// A way is one direction of a link.
type way struct {
	from, to *os.File
	*fifo
	dropped uint64
	scratch [largest]byte // where packets are read that are dropped
}

// largest is a packet of IP that has no jumbo option, with its header on the wire.
const largest = vnetHeader + 1<<16

// take reads one packet.
func (w *way) take(delay time.Duration) error {
	b := w.room(largest)
	full := b == nil
	if full {
		b = w.scratch[:]
	}
	n, err := unix.Read(int(w.from.Fd()), b)
	switch {
	case err == unix.EINTR || err == unix.EAGAIN:
		return nil // it is polled again
	case err != nil:
		return fmt.Errorf("reading a packet: %w", err)
	case full:
		w.dropped++
	default:
		w.push(n, time.Now().Add(delay))
	}
	return nil
}

// wait is how long it is until the oldest packet is due, if there is one.
func (w *way) wait() (time.Duration, bool) {
	if w.count == 0 {
		return 0, false
	}
	_, due := w.next()
	return max(0, time.Until(due)), true
}

// give writes what is due.
func (w *way) give() error {
	for now := time.Now(); w.count > 0; w.pop() {
		b, due := w.next()
		if due.After(now) {
			break
		}
		if _, err := unix.Write(int(w.to.Fd()), b); err != nil {
			return fmt.Errorf("writing a packet: %w", err)
		}
	}
	return nil
}
