//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A load is what one run sends.
type load struct {
	Addr     netip.AddrPort
	Receiver int           // the process whose processor time counts
	Flows    int           // sockets that send in turn, each with a port of its own
	Rate     float64       // datagrams a second; 0 sends as fast as it can
	Trains   bool          // 64 datagrams in one piece (UDP_SEGMENT); the kernel takes it apart in front of the receiver
	Answers  bool          // there are answers, which are taken
	Warm     time.Duration // under load before anything counts
	Length   time.Duration
}

// A sent is what one run gave.
type sent struct {
	All       uint64 // datagrams, with those before anything counted
	Packets   uint64
	Elapsed   time.Duration
	Receiver  time.Duration // its processor time
	Sender    time.Duration
	Unsent    uint64 // datagrams that the kernel did not take
	Answers   uint64
	Processor float64 // share of the machine that was busy
}

const (
	size  = 64 // bytes of a datagram
	batch = 64 // datagrams of one system call
)

// sendCommand is the first argument of the process that sends.
const sendCommand = "send"

// send lets a process of its own send.
func send(ctx context.Context, l load, cpus ...int) (sent, error) {
	return measure.Again[sent](ctx, sendCommand, l, cpus...)
}

// sending is the process that send starts.
func sending(arg string, out io.Writer) error {
	var l load
	if err := json.Unmarshal([]byte(arg), &l); err != nil {
		return err
	}
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // else naps are longer than the schedule
	s := &sender{load: l}
	for range l.Flows {
		f, err := newFlow(l, uint32(len(s.flows)))
		if err != nil {
			return err
		}
		s.flows = append(s.flows, f)
	}
	res, err := s.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(res)
}

type sender struct {
	load
	flows  []*flow
	next   int
	sent   uint64
	unsent uint64
	got    uint64
}

// A flow is one socket with its datagrams, prepared.
type flow struct {
	fd      int
	id, seq uint32
	bytes   [batch * size]byte
	vectors [batch]unix.Iovec
	headers [batch]unix.Mmsghdr
	control [24]byte
	answers [batch]unix.Mmsghdr
	drops   [batch]unix.Iovec
	drop    [2048]byte
}

func newFlow(l load, id uint32) (*flow, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 4<<20)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20)
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(l.Addr.Port()), Addr: l.Addr.Addr().As4()}); err != nil {
		return nil, err
	}
	f := &flow{fd: fd, id: id}
	for i := range batch {
		f.vectors[i] = unix.Iovec{Base: &f.bytes[i*size]}
		f.vectors[i].SetLen(size)
		f.headers[i].Hdr.Iov = &f.vectors[i]
		f.headers[i].Hdr.SetIovlen(1)
		f.drops[i] = unix.Iovec{Base: &f.drop[0]}
		f.drops[i].SetLen(len(f.drop))
		f.answers[i].Hdr.Iov = &f.drops[i]
		f.answers[i].Hdr.SetIovlen(1)
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&f.control))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(f.control[unix.CmsgLen(0):], size)
	return f, nil
}

// send sends n datagrams.
func (f *flow) send(n int, trains bool) (sent int) {
	for i := range n {
		b := f.bytes[i*size:]
		binary.LittleEndian.PutUint32(b, f.id)
		binary.LittleEndian.PutUint32(b[4:], f.seq)
		f.seq++
	}
	if trains {
		f.vectors[0].SetLen(n * size)
		var h unix.Msghdr
		h.Iov = &f.vectors[0]
		h.SetIovlen(1)
		h.Control = &f.control[0]
		h.SetControllen(len(f.control))
		if _, _, e := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(f.fd), uintptr(unsafe.Pointer(&h)), unix.MSG_DONTWAIT); e != 0 {
			return 0
		}
		return n
	}
	r, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(f.fd), uintptr(unsafe.Pointer(&f.headers)), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
	if e != 0 {
		return 0
	}
	return int(r)
}

// take takes what answers there are.
func (f *flow) take() (n uint64) {
	for {
		r, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(f.fd), uintptr(unsafe.Pointer(&f.answers)), batch, unix.MSG_DONTWAIT, 0, 0)
		if e != 0 {
			return n
		}
		if n += uint64(r); r < batch {
			return n
		}
	}
}

func (s *sender) run() (res sent, err error) {
	s.until(time.Now().Add(s.Warm))
	warm, unsent, answers := s.sent, s.unsent, s.got
	receiver, err := measure.CPUTime(s.Receiver)
	if err != nil {
		return res, err
	}
	own, err := measure.CPUTime(os.Getpid())
	if err != nil {
		return res, err
	}
	busy, all := machine()
	began := time.Now()
	s.until(began.Add(s.Length))
	res.Elapsed = time.Since(began)
	busyNow, allNow := machine()
	if allNow > all {
		res.Processor = (busyNow - busy) / (allNow - all)
	}
	after, err := measure.CPUTime(s.Receiver)
	if err != nil {
		return res, err
	}
	mine, err := measure.CPUTime(os.Getpid())
	if err != nil {
		return res, err
	}
	res.Receiver, res.Sender = after-receiver, mine-own
	res.All, res.Packets, res.Unsent, res.Answers = s.sent, s.sent-warm, s.unsent-unsent, s.got-answers
	return res, nil
}

// until sends until a time, on schedule.
func (s *sender) until(end time.Time) {
	n := batch
	if s.Rate > 0 { // a burst each tenth of a millisecond at most
		n = max(1, min(batch, int(s.Rate/10_000)))
	}
	began, first := time.Now(), s.sent
	for i := 0; ; i++ {
		if s.Rate > 0 {
			due := began.Add(time.Duration(float64(s.sent+s.unsent-first) / s.Rate * 1e9))
			for now := time.Now(); now.Before(due); now = time.Now() {
				if !now.Before(end) {
					return
				}
				if d := due.Sub(now); d > 20*time.Microsecond {
					t := unix.NsecToTimespec(int64(min(d, time.Until(end)) - 10*time.Microsecond))
					_ = unix.Nanosleep(&t, nil)
				}
			}
		}
		if i%16 == 0 || s.Rate > 0 {
			if !time.Now().Before(end) {
				return
			}
		}
		f := s.flows[s.next]
		s.next = (s.next + 1) % len(s.flows)
		k := f.send(n, s.Trains)
		s.sent += uint64(k)
		s.unsent += uint64(n - k)
		if s.Answers {
			s.got += f.take()
		}
	}
}

// machine reads how long all processors were busy, and how long there were any, in ticks.
func machine() (busy, all float64) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	var v [8]float64
	if _, err := fmt.Sscanf(string(b), "cpu %f %f %f %f %f %f %f %f", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]); err != nil {
		return 0, 0
	}
	for i, x := range v {
		all += x
		if i != 3 && i != 4 { // idle and waiting for disks
			busy += x
		}
	}
	return busy, all
}
