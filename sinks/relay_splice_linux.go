package sinks

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// pipeSize is what a pipe is to hold, which is what one go moves at most; leastPipe is what it must, or reads and writes are
// better. Users other than root have 64 MiB of them by default (fs.pipe-user-pages-soft, pipe(7)).
const (
	pipeSize  = 1 << 20
	leastPipe = 64 << 10
)

// sparePipes is how many empty pipes are kept for the next time.
const sparePipes = 8

// A pipe is lent to one direction of one tunnel while that is bulk.
type pipe struct {
	r, w int
	n    int // bytes in it
}

// pipes are those of a relay.
type pipes struct {
	most    int
	made    int // of which some are in spare
	spare   []*pipe
	refused bool // there were none to be had in this tick
}

// take borrows an empty pipe. It returns nil when there is none to be had.
func (p *pipes) take() *pipe {
	if n := len(p.spare); n > 0 {
		one := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return one
	}
	if p.made >= p.most || p.refused {
		return nil
	}
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		p.refused = true
		return nil
	}
	one := &pipe{r: fds[0], w: fds[1]}
	if _, err := unix.FcntlInt(uintptr(one.w), unix.F_SETPIPE_SZ, pipeSize); err != nil {
		if n, err := unix.FcntlInt(uintptr(one.w), unix.F_GETPIPE_SZ, 0); err != nil || n < leastPipe {
			p.refused = true
			one.close()
			return nil
		}
	}
	p.made++
	return one
}

// give takes a pipe back. One with bytes in it, whose receiver is gone, is of use to nobody else.
func (p *pipes) give(one *pipe) {
	if one.n == 0 && len(p.spare) < sparePipes {
		p.spare = append(p.spare, one)
		return
	}
	one.close()
	p.made--
}

func (p *pipes) close() {
	for _, one := range p.spare {
		one.close()
		p.made--
	}
	p.spare = nil
}

func (p *pipe) close() {
	_ = syscall.Close(p.r)
	_ = syscall.Close(p.w)
}

// splice moves bytes from one descriptor to another, one of them a pipe, without waiting for either.
func splice(from, to, n int) (int, syscall.Errno) {
	const flags = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK
	m, _, e := syscall.RawSyscall6(syscall.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(n), flags)
	if e != 0 {
		return 0, e
	}
	return int(m), 0
}

// spliceMost is how much of one direction is spliced in one turn.
const spliceMost = 1 << 20

// spliceLeast is how much must have come in one go for the next to be spliced from the start.
const spliceLeast = 32 << 10

// splice moves what there is through a borrowed pipe, and gives that back when there is no more. It reports whether reads and
// writes are to go on: because there is no pipe, or because what comes next is not for one.
func (t *tunnel) splice(d int) (read bool) {
	r, w := t.relay, &t.ways[d]
	p := r.pipes.take()
	if p == nil {
		w.is &^= bulk
		return true
	}
	for sum := 0; ; {
		n, e := splice(int(t.fds[d]), p.w, pipeSize)
		switch {
		case e == syscall.EINTR:
			continue
		case e == syscall.EAGAIN:
			w.is &^= unread | torn
			if sum < spliceLeast {
				w.is &^= bulk
			}
		case e != 0:
			r.pipes.give(p)
			t.reset(d)
			return false
		case n == 0: // the end, or urgent data, which looks the same
			w.is &^= bulk
			read = true
		default:
			p.n = n
			if !t.pour(d, p) {
				return false
			}
			if sum += n; sum < spliceMost {
				continue
			}
			r.repeat(t)
		}
		r.pipes.give(p)
		return read
	}
}

// pour empties a pipe to its receiver. When not all was taken the direction has the pipe, or is over, and it reports false.
func (t *tunnel) pour(d int, p *pipe) bool {
	r, w := t.relay, &t.ways[d]
	for p.n > 0 {
		n, e := splice(p.r, int(t.fds[1-d]), p.n)
		switch {
		case e == syscall.EINTR:
		case e == syscall.EAGAIN:
			if w.held == nil {
				w.held, w.last = r.held.place(), r.nowTick
				w.held.pipe = p
				t.arm()
			}
			return false
		case e != 0:
			if w.held == nil {
				r.pipes.give(p)
			}
			t.unwritable(d)
			return false
		default:
			p.n -= n
			r.count.spliced += uint64(n)
			t.moved(d, n)
		}
	}
	return true
}
