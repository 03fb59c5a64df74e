package sinks_test

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
)

// A stopped backend: the kernel accepts for it, and nobody reads. The client's bytes wait in the kernel and in one buffer, the
// client is stopped by its own window, and the stall is cut.
func TestABackendThatReadsNothingIsCut(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, func(l *sinks.TunnelLimits) { l.WriteStall = 300 * time.Millisecond })
	c := b.dial()
	chunk := make([]byte, 1<<20)
	var sent int
	for {
		n, err := c.Write(chunk)
		if sent += n; err != nil {
			break
		}
	}
	r := b.record()
	equal(t, "reason", r.Reason, error(stage.ErrWriteTimeout))
	if sent <= int(r.Sent) {
		t.Errorf("%d bytes were sent and %d passed on", sent, r.Sent)
	}
	equal(t, "held", b.gauge("bytes held"), 0)
	equal(t, "ended", b.gauge("ended: write timeout"), 1)
}

// A client that never reads holds up its own tunnel and no other.
func TestAClientThatNeverReadsHoldsUpNobody(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, func(l *sinks.TunnelLimits) { l.WriteStall = 500 * time.Millisecond })
	deaf := b.dial()
	s := ln.next()
	go func() { _, _ = io.Copy(s, zeros{}) }()
	b.until("something waits", func() bool { return b.gauge("bytes held") > 0 || b.gauge("pipes") > 0 })
	other := b.dial()
	far := ln.next()
	for range 100 {
		say(t, other, "hello")
		hear(t, far, "hello")
	}
	equal(t, "reason", b.record().Reason, error(stage.ErrWriteTimeout))
	_ = deaf
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestATunnelWithoutTrafficEnds(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, func(l *sinks.TunnelLimits) { l.Idle = 300 * time.Millisecond })
	c := b.dial()
	s := ln.next()
	for began := time.Now(); time.Since(began) < 600*time.Millisecond; time.Sleep(20 * time.Millisecond) {
		say(t, s, "x")
		hear(t, c, "x")
	}
	hearReset(t, c)
	hearReset(t, s)
	equal(t, "reason", b.record().Reason, error(stage.ErrIdle))
}

func TestASideThatIsLeftAloneAndSilentEnds(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, func(l *sinks.TunnelLimits) { l.HalfClosed = 200 * time.Millisecond })
	c := b.dial()
	s := ln.next()
	c.CloseWrite()
	hearEnd(t, s)
	for range 10 { // it speaks, so it may go on
		say(t, s, "x")
		hear(t, c, "x")
		time.Sleep(40 * time.Millisecond)
	}
	hearReset(t, c)
	equal(t, "reason", b.record().Reason, error(sinks.ErrHalfClosed))
}

// A backend that is away accepts nothing: its backlog is full. The next one is tried in time.
func TestABackendThatDoesNotAcceptInTimeIsFollowedByAnother(t *testing.T) {
	full, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(full)
	if err := errors.Join(syscall.Bind(full, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(full, 0)); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(full)
	if err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(sa.(*syscall.SockaddrInet4).Port)
	for { // until nobody fits in any more
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			break
		}
		defer c.Close()
	}
	ln := listening(t)
	b := boring(t, &routing{to: func(_ *stage.Accepted, failed stage.Route) (string, error) {
		if failed == nil {
			return addr, nil
		}
		return ln.address(), nil
	}}, patience, func(l *sinks.TunnelLimits) { l.Connect = 200 * time.Millisecond })
	c := b.dial()
	s := ln.next()
	say(t, c, "hello")
	hear(t, s, "hello")
	equal(t, "failed", b.gauge("connects failed"), 1)
}

// A client that is gone before its backend has accepted says nothing of the backend.
func TestAClientThatVanishesWhileItsBackendIsConnected(t *testing.T) {
	ln := listening(t)
	u := &routing{to: func(*stage.Accepted, stage.Route) (string, error) { return ln.address(), nil }}
	b := boring(t, u, patience, nil)
	for range 50 {
		resetNow(b.dial())
	}
	b.until("all have had a route, and ended", func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.connected+u.failed == 50 && u.connected == u.ended
	})
	b.until("none is open", func() bool { return b.gauge("accepted") == 50 && b.gauge("open") == 0 })
}

// Backends that are killed mid-stream: the client is reset and nothing is left.
func TestABackendThatIsKilledUnderLoad(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, nil)
	var wg sync.WaitGroup
	for range 20 {
		c := b.dial()
		s := ln.next()
		wg.Go(func() { _, _ = io.Copy(c, io.LimitReader(zeros{}, 64<<20)) })
		wg.Go(func() { _, _ = io.CopyN(io.Discard, s, 1<<20); resetNow(s) })
	}
	wg.Wait()
	b.until("all have ended", func() bool { return b.gauge("open") == 0 && b.gauge("ended: backend reset") == 20 })
	equal(t, "held", b.gauge("bytes held"), 0)
}

// Without descriptors for the backend's side a client is reset, and the next one is served when there are some.
func TestAProxyWithoutDescriptorsGoesOn(t *testing.T) {
	addr := echoing(t)
	b := boring(t, sinks.Fixed(addr), patience, nil)
	c := b.dial()
	say(t, c, "before")
	hear(t, c, "before")
	client, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(client)
	undo := leaveDescriptors(t, client, 1) // for the accepted side alone
	port := c.RemoteAddr().(*net.TCPAddr).Port
	err = syscall.Connect(client, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	n := 0
	if err == nil {
		n, err = syscall.Read(client, make([]byte, 1))
	}
	undo()
	if n > 0 || err != nil && err != syscall.ECONNRESET {
		t.Errorf("the client got %d bytes, %v, not an end", n, err)
	}
	b.until("it was counted", func() bool { return b.gauge("ended: no descriptors") == 1 })
	say(t, c, "meanwhile")
	hear(t, c, "meanwhile")
	other := b.dial()
	say(t, other, "after")
	hear(t, other, "after")
}

// leaveDescriptors fills the table of descriptors but for so many.
func leaveDescriptors(t *testing.T, fd, left int) (undo func()) {
	t.Helper()
	var rl syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &rl); err != nil {
		t.Fatal(err)
	}
	less := syscall.Rlimit{Cur: highestDescriptor(t) + 8, Max: rl.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &less); err != nil {
		t.Fatal(err)
	}
	var filled []int
	for {
		f, err := syscall.Dup(fd)
		if err != nil {
			break
		}
		filled = append(filled, f)
	}
	for ; left > 0; left-- {
		_ = syscall.Close(filled[len(filled)-1])
		filled = filled[:len(filled)-1]
	}
	return func() {
		for _, f := range filled {
			_ = syscall.Close(f)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &rl); err != nil {
			t.Error(err)
		}
	}
}

// highestDescriptor is the highest number that is in use: the limit bounds numbers, and there may be holes below.
func highestDescriptor(t *testing.T) (highest uint64) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		n, err := strconv.ParseUint(e.Name(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		highest = max(highest, n)
	}
	return highest
}

// Where no pipe can be had bulk goes on through reads and writes.
func TestBulkGoesOnWithoutDescriptorsForPipes(t *testing.T) {
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, nil)
	c := b.dial()
	s := ln.next()
	undo := leaveDescriptors(t, 0, 0)
	defer undo()
	go func() { _, _ = io.CopyN(c, zeros{}, 64<<20); c.CloseWrite() }()
	n, err := io.Copy(io.Discard, s)
	equal(t, "bytes", n, int64(64<<20))
	equal(t, "error", err, nil)
	equal(t, "spliced", b.gauge("bytes spliced"), 0)
}

// rss is the memory of this process, in bytes.
func rss(t *testing.T) int {
	t.Helper()
	f, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this system does not tell how much memory a process has:", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(f))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// Bytes that are moved cost no allocation, once a tunnel is there.
func TestMovingBytesAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates by itself")
	}
	addr := echoing(t)
	b := boring(t, sinks.Fixed(addr), patience, nil)
	c := b.dial()
	buf := make([]byte, 64)
	ask := func() {
		if _, err := c.Write(buf); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	runtime.GC()
	if n := testing.AllocsPerRun(2000, ask); n != 0 {
		t.Errorf("%v allocations for a request and its answer", n)
	}
}
