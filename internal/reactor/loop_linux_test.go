package reactor_test

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/stage/stagetest"
)

// A rider does what the test says, and nothing else.
type rider struct {
	turn func() bool
	due  func() time.Time
}

func (r rider) Turn() bool {
	if r.turn == nil {
		return false
	}
	return r.turn()
}

func (r rider) Due() time.Time {
	if r.due == nil {
		return time.Time{}
	}
	return r.due()
}

func (rider) Rest() {}
func (rider) Work() {}

type task func()

func (f task) Run() { f() }

type handler func(events uint32)

func (f handler) Ready(events uint32) { f(events) }

// A watcher is a loop over epoll.
type watcher struct {
	*reactor.Loop
	epoll *reactor.Epoll
}

func loop(t testing.TB) watcher {
	t.Helper()
	p, err := reactor.NewEpoll()
	if err != nil {
		t.Fatal(err)
	}
	return watcher{reactor.New(p), p}
}

// running runs a loop beside the test, and ends it when the test ends.
func running(t testing.TB, l watcher) {
	done := make(chan error, 1)
	go func() { done <- l.Run() }()
	t.Cleanup(func() {
		l.Post(task(l.Close))
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// on runs f on the loop and waits for it.
func on(l watcher, f func()) {
	done := make(chan struct{})
	l.Post(task(func() { f(); close(done) }))
	<-done
}

// pair is two sockets that are connected with each other.
func pair(t testing.TB) (a, b int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fds[0]); syscall.Close(fds[1]) })
	return fds[0], fds[1]
}

func add(t testing.TB, l watcher, fd int, events uint32, h reactor.Handler) (generation int32) {
	t.Helper()
	generation, err := l.epoll.Add(fd, events, h)
	if err != nil {
		t.Fatal(err)
	}
	return generation
}

// asleep waits until the loop sleeps, and returns its turns.
func asleep(t testing.TB, l watcher) uint64 {
	t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Microsecond) {
		if n, sleeps := l.Turns(); sleeps {
			return n
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("the loop never sleeps")
		}
	}
}

// Every task runs, however the posts meet the moment at which the loop goes to sleep: a lost one would be waited for in vain.
func TestNoPostIsLostOnTheWayToSleep(t *testing.T) {
	for _, shared := range []bool{false, true} {
		l := loop(t)
		l.Shared = shared
		running(t, l)
		const posters, posts = 16, 2000
		var all sync.WaitGroup
		var ran atomic.Int64
		for range posters {
			all.Go(func() {
				for i := range posts {
					done := make(chan struct{})
					l.Post(task(func() { ran.Add(1); close(done) }))
					if i%4 == 0 {
						<-done // so that the loop runs out of work
					}
				}
			})
		}
		all.Wait()
		on(l, func() {})
		if n := ran.Load(); n != posters*posts {
			t.Errorf("%d tasks of %d ran", n, posters*posts)
		}
	}
}

// Whoever has made work for a rider and wakes the loop finds it done, without a task.
func TestAWakeMakesTheLoopTurn(t *testing.T) {
	l := loop(t)
	var wanted, done atomic.Uint64
	l.Carry(rider{turn: func() bool { done.Store(wanted.Load()); return false }})
	running(t, l)
	for i := range uint64(20_000) {
		wanted.Store(i)
		l.Wake()
		for began := time.Now(); done.Load() < i; {
			if time.Since(began) > 20*time.Second {
				t.Fatalf("wake %d was lost", i)
			}
		}
	}
}

func TestTasksRunInTheOrderOfTheirPosts(t *testing.T) {
	l := loop(t)
	running(t, l)
	var order []int
	for i := range 100 {
		l.Post(task(func() { order = append(order, i) }))
	}
	on(l, func() {
		for i, n := range order {
			if i != n {
				t.Fatalf("task %d ran at place %d", n, i)
			}
		}
		if len(order) != 100 {
			t.Errorf("%d tasks ran before the last", len(order))
		}
	})
}

// A task that posts itself has a turn each time, and does not keep the loop from its descriptors.
func TestATaskThatComesAgainLeavesOthersTheirTurn(t *testing.T) {
	l := loop(t)
	a, b := pair(t)
	seen := make(chan struct{})
	add(t, l, a, reactor.In, handler(func(uint32) { close(seen) }))
	running(t, l)
	over := false
	var again task
	again = func() {
		if !over {
			l.Post(again)
		}
	}
	l.Post(again)
	syscall.Write(b, []byte("x"))
	select {
	case <-seen:
	case <-time.After(20 * time.Second):
		t.Error("the descriptor is never looked at")
	}
	on(l, func() { over = true })
}

func TestASleepingLoopDoesNotTurn(t *testing.T) {
	l := loop(t)
	l.Carry(rider{})
	running(t, l)
	before := asleep(t, l)
	time.Sleep(50 * time.Millisecond)
	if after := asleep(t, l); after != before {
		t.Errorf("%d turns without a reason", after-before)
	}
}

func TestARiderHasATurnWhenItIsDue(t *testing.T) {
	l := loop(t)
	began := time.Now()
	due, came := began.Add(30*time.Millisecond), make(chan time.Time, 1)
	l.Carry(rider{
		turn: func() bool {
			if now := time.Now(); !due.IsZero() && !now.Before(due) {
				came <- now
				due = time.Time{}
			}
			return false
		},
		due: func() time.Time { return due },
	})
	l.Carry(rider{due: func() time.Time { return began.Add(time.Hour) }}) // the sooner one counts
	running(t, l)
	select {
	case <-came:
	case <-time.After(20 * time.Second):
		t.Error("it never came")
	}
	if n := asleep(t, l); n > 10 {
		t.Errorf("%d turns for one that was due", n)
	}
}

// The kernel takes milliseconds in 32 bits: what is cut off must not make the loop turn for ever.
func TestARiderMayBeDueInMonths(t *testing.T) {
	l := loop(t)
	l.Carry(rider{due: func() time.Time { return time.Now().Add((1<<32 + 1) * time.Millisecond) }})
	running(t, l)
	before := asleep(t, l)
	time.Sleep(100 * time.Millisecond)
	if after := asleep(t, l); after-before > 2 {
		t.Errorf("%d turns in a tenth of a second", after-before)
	}
}

func TestMoreDescriptorsThanOneTurnTakesAreAllHandedOut(t *testing.T) {
	const n = reactor.MaxEvents + 50
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil || lim.Cur < 2*n+50 {
		t.Skipf("there is no room for %d descriptors", 2*n+50)
	}
	l := loop(t)
	seen := make([]int, n)
	left := n
	all := make(chan struct{})
	for i := range n {
		a, b := pair(t)
		add(t, l, a, reactor.In, handler(func(uint32) {
			seen[i]++
			if left--; left == 0 {
				close(all)
			}
		}))
		syscall.Write(b, []byte("x"))
	}
	running(t, l)
	select {
	case <-all:
	case <-time.After(20 * time.Second):
		t.Fatal("some are never handed out")
	}
	on(l, func() {
		for i, k := range seen {
			if k != 1 {
				t.Errorf("descriptor %d was reported %d times", i, k)
			}
		}
	})
}

// What was reported and not dealt with is not reported again, until somebody asks for it.
func TestModifyReportsWhatHoldsAgain(t *testing.T) {
	l := loop(t)
	a, b := pair(t)
	reports := make(chan uint32, 10)
	generation := add(t, l, a, reactor.In, handler(func(events uint32) { reports <- events }))
	running(t, l)
	syscall.Write(b, []byte("x"))
	if got := <-reports; got != reactor.In {
		t.Errorf("reported %#x", got)
	}
	on(l, func() {})
	select {
	case got := <-reports:
		t.Errorf("%#x was reported twice", got)
	default:
	}
	if err := l.epoll.Modify(a, generation, reactor.In|reactor.Out); err != nil {
		t.Fatal(err)
	}
	if got := <-reports; got != reactor.In|reactor.Out {
		t.Errorf("reported %#x again", got)
	}
	syscall.Close(b)
	if got := <-reports; got&reactor.Hung == 0 {
		t.Errorf("the end was reported as %#x", got)
	}
}

// An event of a descriptor that was closed must not reach the handler of the one that has its number now.
func TestAnEventOfAnEarlierDescriptorReachesNobody(t *testing.T) {
	l := loop(t)
	a, b := pair(t)
	other, signal := pair(t)
	wrong, after := 0, make(chan struct{})
	old := add(t, l, a, reactor.In, handler(func(uint32) { t.Error("the handler has been removed") }))
	l.epoll.Remove(a)
	now := add(t, l, other, reactor.In, handler(func(uint32) { close(after) }))
	if now == old {
		t.Fatalf("two descriptors have the generation %d", now)
	}
	// The kernel goes on to report a, as it does of a descriptor that another process still has open; its number gets another
	// handler.
	if err := l.epoll.Modify(a, old, reactor.In); err != nil {
		t.Fatal(err)
	}
	dup, err := syscall.Dup(a)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(dup)
	c, d := pair(t)
	if err := syscall.Dup3(c, a, syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	add(t, l, a, reactor.In, handler(func(uint32) { wrong++ }))
	syscall.Write(b, []byte("for the earlier one"))
	syscall.Write(signal, []byte("x"))
	running(t, l)
	<-after
	on(l, func() {
		if wrong != 0 {
			t.Errorf("the later handler was told %d times", wrong)
		}
	})
	syscall.Write(d, []byte("x"))
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		var n int
		on(l, func() { n = wrong })
		if n == 1 {
			break
		}
		if n > 1 || time.Since(began) > 20*time.Second {
			t.Fatalf("the later handler was told %d times of its own", n)
		}
	}
}

// 0 stands for a descriptor that is not watched.
func TestNoGenerationIsZero(t *testing.T) {
	l := loop(t)
	defer l.Discard()
	l.epoll.Wrap()
	a, _ := pair(t)
	if g := add(t, l, a, reactor.In, handler(func(uint32) {})); g == 0 {
		t.Error("the generation is 0")
	}
}

func TestATaskPostedBehindTheEndDoesNotRun(t *testing.T) {
	l := loop(t)
	done := make(chan error)
	go func() { done <- l.Run() }()
	last := false
	l.Post(task(func() {
		l.Close()
		l.Post(task(func() { t.Error("a task runs behind the end") }))
	}))
	l.Post(task(func() { last = true }))
	if err := <-done; err != nil || !last {
		t.Errorf("%v; the task of the same turn ran: %v", err, last)
	}
	if _, asleep := l.Turns(); !asleep {
		t.Error("a loop that has ended seems to be held up")
	}
	for range 100 {
		l.Post(task(func() { t.Error("a task runs behind the end") })) // and nothing is written to a descriptor of somebody else
		l.Wake()
	}
}

// From the write of another goroutine to the next sleep, a turn allocates nothing, and neither does a post.
func TestATurnCostsNoMemory(t *testing.T) {
	l := loop(t)
	l.Carry(rider{})
	a, b := pair(t)
	seen, ran := make(chan struct{}, 1), make(chan struct{}, 1)
	one := make([]byte, 1)
	add(t, l, a, reactor.In, handler(func(uint32) {
		syscall.Read(a, one)
		seen <- struct{}{}
	}))
	running(t, l)
	x := []byte("x")
	post := reactor.Task(task(func() { ran <- struct{}{} }))
	stagetest.Allocs(t, 0, func() {
		syscall.Write(b, x)
		<-seen
		l.Post(post)
		<-ran
	})
}
