package reactor

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Kernel is how a loop learns what happened.
type Kernel interface {
	// Begin is called on the thread of the loop, before Poll.
	Begin() error
	// Poll asks what has happened, and waits for something for that long, without end when it is negative. It says how much
	// there is.
	Poll(wait time.Duration) (n int, err error)
	// Serve hands out what Poll has found, and reports whether there is more to ask for at once.
	Serve() (more bool)
	// Wake ends a Poll that waits. Any goroutine may call it before Close.
	Wake()
	// Close ends the kernel's part.
	Close()
}

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

// A Loop waits on one thread for what its kernel reports. All methods but Post and Wake are for what runs on the loop, or for
// before it runs.
type Loop struct {
	// Shared says that other goroutines work for the lanes of the loop: it lets them run before it sleeps. Otherwise they
	// would wait, where there is one processor, until the runtime has noticed that this one is asleep.
	Shared bool

	// Punctual says that its riders want their turn within microseconds of when they are due. Otherwise the kernel may let
	// other timers wait for it, by 50 µs as it is set (PR_SET_TIMERSLACK, prctl(2)).
	Punctual bool

	kernel Kernel
	riders []Rider
	ends   []func()
	over   bool
	err    error

	woken    atomic.Bool   // another turn is wanted
	sleeping atomic.Bool   // whoever clears it owes the kernel's Wake, unless it is the loop itself
	turns    atomic.Uint64 // twice their number, and one more while the loop sleeps or when it has ended

	mu     sync.Mutex
	posted []Task // guarded by mu
	closed bool   // guarded by mu: there is nothing to wake any more
	taken  []Task // the loop's
}

// New makes a loop over a kernel's part, which it closes when it ends.
func New(k Kernel) *Loop { return &Loop{kernel: k} }

// Carry adds a lane.
func (l *Loop) Carry(r Rider) { l.riders = append(l.riders, r) }

// Join is Carry on a loop that runs.
func (l *Loop) Join(r Rider) {
	r.Work()
	l.Carry(r)
}

// OnEnd has f called on the loop when it has ended, and before its kernel's part is closed.
func (l *Loop) OnEnd(f func()) { l.ends = append(l.ends, f) }

// Epoll returns the kernel's part of a loop that watches descriptors, or nil.
func (l *Loop) Epoll() *Epoll {
	p, _ := l.kernel.(*Epoll)
	return p
}

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
			l.kernel.Wake()
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
	if l.Punctual {
		defer punctual()()
	}
	for _, r := range l.riders {
		r.Work()
	}
	l.err = l.kernel.Begin()
	more := false
	for !l.over && l.err == nil {
		l.turns.Add(2)
		l.wait(more)
		if l.err != nil {
			break
		}
		more = l.kernel.Serve()
		l.serve()
		for _, r := range l.riders {
			if r.Turn() {
				more = true
			}
		}
	}
	l.turns.Add(1)
	for _, r := range l.riders {
		r.Rest()
	}
	for _, f := range l.ends {
		f()
	}
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

// Discard ends the kernel's part of a loop that is not going to run.
func (l *Loop) Discard() { l.close() }

func (l *Loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.kernel.Close()
}
