package reactor

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// What a descriptor is watched for, and what is reported. Hung means that nothing more than what has arrived will come, Urgent
// that a read may stop in front of an urgent byte although there is more behind it (tcp(7)).
const (
	In     = syscall.EPOLLIN
	Out    = syscall.EPOLLOUT
	Hung   = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
	Urgent = syscall.EPOLLPRI

	edge = 1 << 31 // EPOLLET, which package syscall has as a negative number
)

// maxEvents is the most descriptors of one turn. What one turn reads of each lies in memory together until its batch ends.
const maxEvents = 256

// A Handler is told of the events of one descriptor, on the loop.
type Handler interface{ Ready(events uint32) }

// A Task is run on the loop.
type Task interface{ Run() }

// A Rider is a lane that a loop carries. All its methods are called on the loop.
type Rider interface {
	// Turn is called once in each turn, behind the events. It reports whether there is more to do at once.
	Turn() (more bool)
	// Due is when the rider wants a turn although nothing happens, or the zero time.
	Due() time.Time
	// Rest is called before the loop sleeps and Work behind it.
	Rest()
	Work()
}

// A Loop waits on one thread for its descriptors. All methods but Post and Wake are for what runs on the loop, or for before
// it runs.
type Loop struct {
	// Shared says that other goroutines work for the lanes of the loop: it lets them run before it sleeps. Otherwise they
	// would wait, where there is one processor, until the runtime has noticed that this one is asleep.
	Shared bool

	epoll, event int
	watched      []*[page]watch // by descriptor
	generation   int32
	riders       []Rider
	events       [maxEvents]syscall.EpollEvent
	over         bool
	err          error

	woken    atomic.Bool   // another turn is wanted
	sleeping atomic.Bool   // whoever clears it owes a write to event, unless it is the loop itself
	turns    atomic.Uint64 // twice their number, and one more while the loop sleeps or when it has ended

	mu     sync.Mutex
	posted []Task // guarded by mu
	closed bool   // guarded by mu: there is nothing to wake any more
	taken  []Task // the loop's
}

// page is how many descriptors have their watches in one piece of memory, so that many do not cost twice while they grow.
const page = 512

// A watch is who handles the events of a descriptor. The generation tells them from events of an earlier descriptor with
// the same number, which may still be on their way.
type watch struct {
	handler    Handler
	generation int32
}

// New makes a loop that watches nothing.
func New() (*Loop, error) {
	ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	fd, _, e := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if e != 0 {
		_ = syscall.Close(ep)
		return nil, os.NewSyscallError("eventfd2", e)
	}
	l := &Loop{epoll: ep, event: int(fd)}
	if _, err := l.Add(l.event, In, woken{}); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// woken handles the descriptor that ends a sleep. Its count is never read: each write to it is an edge.
type woken struct{}

func (woken) Ready(uint32) {}

// Carry adds a lane.
func (l *Loop) Carry(r Rider) { l.riders = append(l.riders, r) }

// Add watches a descriptor until Remove, for In or Out and always for Hung and Urgent. The generation is for Modify, and never
// 0.
func (l *Loop) Add(fd int, events uint32, h Handler) (generation int32, err error) {
	if l.generation++; l.generation == 0 {
		l.generation++
	}
	err = l.control(syscall.EPOLL_CTL_ADD, fd, l.generation, events)
	if err != nil {
		return 0, err
	}
	for fd/page >= len(l.watched) {
		l.watched = append(l.watched, nil)
	}
	if l.watched[fd/page] == nil {
		l.watched[fd/page] = new([page]watch)
	}
	l.watched[fd/page][fd%page] = watch{h, l.generation}
	return l.generation, nil
}

// Modify changes what a descriptor is watched for, and has events that hold now reported again. Any goroutine may call it as
// long as the descriptor is not closed.
func (l *Loop) Modify(fd int, generation int32, events uint32) error {
	return l.control(syscall.EPOLL_CTL_MOD, fd, generation, events)
}

func (l *Loop) control(op, fd int, generation int32, events uint32) error {
	ev := syscall.EpollEvent{Events: events | syscall.EPOLLRDHUP | Urgent | edge, Fd: int32(fd), Pad: generation}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(l.epoll, op, fd, &ev))
}

// Remove forgets a descriptor that is about to be closed, which also ends the kernel's part.
func (l *Loop) Remove(fd int) { l.watched[fd/page][fd%page] = watch{} }

// Post has t run in the next turn.
func (l *Loop) Post(t Task) {
	l.mu.Lock()
	l.posted = append(l.posted, t)
	l.mu.Unlock()
	l.Wake()
}

// Wake makes the loop turn once more before it sleeps.
func (l *Loop) Wake() {
	l.woken.Store(true)
	if l.sleeping.Load() && l.sleeping.CompareAndSwap(true, false) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.closed {
			one := [8]byte{0: 1} // in either order of bytes it is more than 0
			_, _ = syscall.Write(l.event, one[:])
		}
	}
}

// Close ends the loop when the turn has ended. Tasks that are posted later do not run.
func (l *Loop) Close() { l.over = true }

// Turns counts the turns, and says whether the loop sleeps or has ended. Any goroutine may ask.
func (l *Loop) Turns() (n uint64, asleep bool) {
	n = l.turns.Load()
	return n / 2, n%2 == 1
}

// Run turns until Close, on a thread of its own.
func (l *Loop) Run() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer l.close()
	for _, r := range l.riders {
		r.Work()
	}
	more := false
	for !l.over {
		l.turns.Add(2)
		n := l.wait(more)
		if l.err != nil {
			break
		}
		for i := range l.events[:n] {
			ev := &l.events[i]
			if w := &l.watched[ev.Fd/page][ev.Fd%page]; w.generation == ev.Pad && w.handler != nil {
				w.handler.Ready(ev.Events)
			}
		}
		l.serve()
		more = n == maxEvents
		for _, r := range l.riders {
			if r.Turn() {
				more = true
			}
		}
	}
	for _, r := range l.riders {
		r.Rest()
	}
	l.turns.Add(1)
	return l.err
}

// serve runs what was posted. Tasks that are posted meanwhile have the next turn.
func (l *Loop) serve() {
	if !l.woken.Load() {
		return
	}
	l.woken.Store(false) // before it looks: what is posted behind that wakes it again
	l.mu.Lock()
	l.taken, l.posted = l.posted, l.taken[:0]
	l.mu.Unlock()
	for i, t := range l.taken {
		t.Run()
		l.taken[i] = nil
	}
}

// Discard gives the descriptors of a loop back that is not going to run.
func (l *Loop) Discard() { l.close() }

func (l *Loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	_ = syscall.Close(l.epoll)
	_ = syscall.Close(l.event)
}

func (l *Loop) String() string { return fmt.Sprintf("epoll %d", l.epoll) }
