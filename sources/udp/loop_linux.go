package udp

import (
	"math"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/internal/reactor"
)

// A receiver is what one lane receives with, of an engine that has a loop for each lane and asks the kernel without waiting.
// Its methods are called on that loop.
type receiver interface {
	sleeping

	// take adds packets that look has found to the batch of the lane, as many as it has room for, and says whether there are
	// more.
	take(l *lane) (more bool)

	// seal lets nothing more arrive. If it cannot, it says how many packets may have arrived by now, at most.
	seal() (most int, ok bool)

	// close gives back what it has. The loop has ended, or has not begun.
	close()
}

// sleeping is the part of a receiver that waits.
type sleeping interface {
	// look says how much there is to take, without waiting: packets, or trains of them.
	look() (n int, err error)

	// descriptor is readable when look would find something that it did not find before.
	descriptor() int
}

// A rider is a lane that a loop carries, with the kernel's part of that loop.
type rider struct {
	*lane // from run on
	receiver
	loop  *reactor.Loop
	event int // descriptor that ends a sleep
	waits waiting
	looks time.Duration // it looks so often although nothing is readable, or 0

	pushed int  // packets since others have been let run
	sealed bool // nothing more arrives
	empty  bool // the last look has found nothing
	left   int  // packets that are still received behind a seal that does not hold
}

func newRider(r receiver, nap time.Duration) (*rider, error) {
	event, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("eventfd2", err)
	}
	v := &rider{receiver: r, event: event, waits: waiting{nap: nap}, left: math.MaxInt}
	v.loop = reactor.New(v)
	v.loop.Carry(v)
	return v, nil
}

// run carries a lane until its source has stopped.
func (v *rider) run(l *lane) {
	v.lane = l
	v.loop.Shared = l.inlet.Crosses()
	if err := v.loop.Run(); err != nil {
		l.inlet.Lane.Call(func() { l.inlet.Lane.Failed(err) })
	}
}

// Begin implements reactor.Kernel. The thread is given up: a goroutine that is bound to one cannot let others run without two
// switches of threads, which for lanes behind a queue on one processor costs half as much again as the packets.
func (*rider) Begin() error {
	runtime.UnlockOSThread()
	return nil
}

// Poll implements reactor.Kernel. A lane that is stalled is not asked for packets: the kernel drops them then.
func (v *rider) Poll(wait time.Duration) (n int, err error) {
	switch {
	case v.inlet.Stalled() || v.left <= 0:
		if wait != 0 {
			_, err = v.await(wait, false)
		}
		return 0, err
	case wait == 0:
		n, err = v.look()
	default:
		n, err = v.waits.wait(v, wait)
	}
	v.empty = n == 0
	return n, err
}

// Serve implements reactor.Kernel.
func (v *rider) Serve() (more bool) {
	if v.inlet.Stalled() || v.left <= 0 {
		return false
	}
	more = v.take(v.lane)
	v.left -= len(v.batch)
	return more
}

// block implements sleeper.
func (v *rider) block(wait time.Duration) (arrived bool, err error) { return v.await(wait, true) }

// await sleeps until the loop is woken, or something has arrived if that is wanted.
func (v *rider) await(wait time.Duration, packets bool) (arrived bool, err error) {
	fds := [2]unix.PollFd{{Fd: int32(v.event), Events: unix.POLLIN}, {Fd: -1, Events: unix.POLLIN}}
	if packets {
		fds[1].Fd = int32(v.descriptor())
	}
	if v.looks > 0 && (wait < 0 || wait > v.looks) {
		wait = v.looks
	}
	var timeout *unix.Timespec
	if wait >= 0 {
		t := unix.NsecToTimespec(int64(wait))
		timeout = &t
	}
	_, _, e := unix.Syscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&fds)), uintptr(len(fds)), uintptr(unsafe.Pointer(timeout)), 0, 0, 0)
	if e != 0 && e != unix.EINTR {
		return false, os.NewSyscallError("ppoll", e)
	}
	if fds[0].Revents != 0 {
		var count [8]byte
		_, _ = unix.Read(v.event, count[:])
	}
	return e == 0 && fds[1].Revents != 0, nil
}

// doze implements sleeper. The runtime is not told of the system call: it would give the processor to nobody and take it back,
// which costs a quarter of what receiving does. Others have been let run before where they work for this lane, the nap is
// short, and a signal ends it when the runtime wants to stop the world.
func (*rider) doze(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0) // woken early it just looks early
}

// Wake implements reactor.Kernel.
func (v *rider) Wake() {
	one := [8]byte{0: 1} // in either order of bytes it is more than 0
	_, _ = unix.Write(v.event, one[:])
}

// Close implements reactor.Kernel.
func (v *rider) Close() {
	v.close()
	_ = unix.Close(v.event)
}

// Turn implements reactor.Rider.
func (v *rider) Turn() (more bool) {
	if v.inlet.Stalled() {
		v.inlet.Retry()
	}
	v.yield(len(v.batch))
	v.push()
	if due := v.inlet.Due(); !due.IsZero() {
		if now := time.Now(); !now.Before(due) {
			v.inlet.Tick(now)
		}
	}
	switch v.source.phase.Load() {
	case abandoned:
		v.loop.Close()
		return true
	case stopping:
		return v.finish()
	}
	return false
}

// yieldEvery is how many packets a lane pushes at most before it lets run those who take them: half of what a queue holds unless
// it is told otherwise. Where processors are scarce they would wait for the runtime to interrupt a lane that never sleeps, for
// 10 ms, and the queues would be full.
const yieldEvery = 512

func (v *rider) yield(packets int) {
	if v.pushed += packets; v.loop.Shared && v.pushed > yieldEvery {
		runtime.Gosched()
		v.pushed = packets
	}
}

// finish goes on until what had arrived at the stop has been pushed.
func (v *rider) finish() (more bool) {
	switch {
	case !v.sealed:
		v.sealed, v.empty = true, false
		if most, ok := v.seal(); !ok {
			v.left = most
		}
	case v.inlet.Stalled():
		return false
	case v.empty || v.left <= 0:
		v.loop.Close()
	}
	return true
}

// Due implements reactor.Rider.
func (v *rider) Due() time.Time { return v.inlet.Due() }

// Rest implements reactor.Rider.
func (v *rider) Rest() {
	v.pushed = 0 // the loop has let others run
	v.inlet.Lane.Rest()
}

// Work implements reactor.Rider.
func (v *rider) Work() { v.inlet.Lane.Work() }
