package pool

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// A watcher notices when a peer closes a connection that is idle, by an epoll of its own. It is told of each edge (EPOLLET).
//
// A connection that comes and goes is watched only for its end (RDHUP, HUP, ERR): what arrives on it then wakes nobody,
// because the kernel tells an epoll of an event only when it is one that was asked for (ep_poll_callback, fs/eventpoll.c).
// One that has been idle for a tick is watched for bytes as well, since nobody has asked for any. Whatever arrives when it is
// in use again is an alarm in vain, once: then it is watched for its end only, and next time must be idle for twice as long.
//
// The epoll is itself watched by the runtime, so no thread waits in it.
type watcher struct {
	pool   *Pool
	events [64]unix.EpollEvent
	wakes  atomic.Uint64 // how often there were events

	mu     sync.Mutex
	file   *os.File // nil before the first connection
	fd     int
	closed bool
	last   uint32 // generation
}

// A watch is a watcher's part of a connection, guarded by the watcher's lock.
type watch struct {
	generation uint32 // tells it from others that had its slot
	on         bool
	lifted     bool  // it is watched for bytes
	patience   uint8 // the ticks for which it must be idle before that, as a power of two
	at         int64 // when it was last given back, the last time that was done
}

const (
	toEnd   = unix.EPOLLRDHUP | unix.EPOLLET
	toBytes = toEnd | unix.EPOLLIN
	end     = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR

	mostPatience = 7 // 1.28 s
)

// begin starts the watcher with the first connection that has a descriptor. The lock is held.
func (w *watcher) begin() error {
	if w.file != nil || w.closed {
		return nil
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that the runtime watches it
		_ = unix.Close(fd)
		return err
	}
	w.fd, w.file = fd, os.NewFile(uintptr(fd), "epoll")
	raw, err := w.file.SyscallConn()
	if err != nil {
		return err
	}
	w.pool.running.Add(1)
	go w.run(raw)
	return nil
}

func (w *watcher) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.file != nil {
		w.file.Close()
	}
}

// run handles events until the file is closed.
func (w *watcher) run(raw syscall.RawConn) {
	defer w.pool.running.Done()
	for {
		n := 0
		err := raw.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), w.events[:], 0)
			return n > 0
		})
		if err != nil {
			return
		}
		w.wakes.Add(1)
		for i := range w.events[:n] {
			w.handle(&w.events[i])
		}
	}
}

// add watches c for its end from now on.
func (w *watcher) add(c *Conn) {
	if c.socket.raw == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	c.watch.generation = w.last
	c.watch.on = w.begin() == nil && w.control(unix.EPOLL_CTL_ADD, c, toEnd)
}

// control tells the kernel what c is watched for. The descriptor cannot be closed meanwhile; closing it ends the watch.
func (w *watcher) control(op int, c *Conn, events uint32) (ok bool) {
	if w.closed {
		return false
	}
	ev := unix.EpollEvent{Events: events, Fd: int32(c.b.member.Slot)<<16 | int32(c.slot), Pad: int32(c.watch.generation)}
	_ = c.socket.raw.Control(func(fd uintptr) { ok = unix.EpollCtl(w.fd, op, int(fd), &ev) == nil })
	return ok
}

// handle marks the connection that an event is about.
func (w *watcher) handle(ev *unix.EpollEvent) {
	list := *w.pool.backends.Load()
	slot := int(uint32(ev.Fd) >> 16)
	if slot >= len(list) || list[slot] == nil {
		return
	}
	b := list[slot]
	c := b.table[uint32(ev.Fd)&0xffff].Load()
	if c == nil || !w.lower(c, uint32(ev.Pad)) {
		return
	}
	if ev.Events&end != 0 {
		c.marks.Or(markPeer)
	} else {
		c.marks.Or(markReadable)
	}
	b.dirty.Store(true)
	b.wake()
}

// lower ends that c is watched for bytes, if it is the one that is meant.
func (w *watcher) lower(c *Conn, generation uint32) (meant bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.watch.generation != generation {
		return false
	}
	if c.watch.lifted {
		c.watch.lifted = false
		c.watch.patience = min(c.watch.patience+1, mostPatience)
		w.control(unix.EPOLL_CTL_MOD, c, toEnd)
	}
	return true
}

// lift has c watched for bytes if it has been idle for long enough, or else returns when it will have been.
func (w *watcher) lift(c *Conn, now int64) (due int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := c.last.Load()
	if !c.watch.on || !c.socket.bare() || c.watch.lifted || c.watch.at == last {
		return never
	}
	if due = last + tick<<c.watch.patience; now < due {
		return due
	}
	c.watch.lifted, c.watch.at = true, last
	w.control(unix.EPOLL_CTL_MOD, c, toBytes)
	return never
}
