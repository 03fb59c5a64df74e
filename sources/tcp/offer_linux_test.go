package tcp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A keeper takes connections over and keeps their descriptors until it is told to let go.
type keeper struct {
	mu    sync.Mutex
	fds   []int
	seats []stage.Seat
	seen  []stage.Accepted
	cuts  atomic.Int32
}

func (k *keeper) make(*stage.Lane) stage.Sink[stage.Accepted] { return k }

func (k *keeper) Push(b []*stage.Accepted) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range b {
		fd, s, err := a.Take(k)
		if err != nil {
			continue
		}
		k.fds, k.seats = append(k.fds, fd), append(k.seats, s)
		k.seen = append(k.seen, stage.Accepted{Client: a.Client, Server: a.Server, Hello: a.Hello, First: bytes.Clone(a.First)})
		if _, _, err := a.Take(k); !errors.Is(err, stage.ErrNotOffered) {
			panic("it was taken twice")
		}
	}
}

func (k *keeper) Cut() {
	k.cuts.Add(1)
	k.letGo(stage.ErrStopped)
}

func (k *keeper) letGo(reason error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, fd := range k.fds {
		_ = syscall.Close(fd)
		k.seats[i].End(reason)
	}
	k.fds, k.seats = nil, nil
}

func (k *keeper) len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.fds)
}

// offering runs a pipeline of an Acceptor, and returns its address, its statistics, and what stops it.
func offering(t *testing.T, drain time.Duration, build func(f *pipeline.Flow[stage.Accepted]), opts ...tcp.Option) (addr string, gauge func(string) string, stop func() error) {
	t.Helper()
	a := tcp.Accept("127.0.0.1:0", append([]tcp.Option{tcp.Name("accept")}, opts...)...)
	if err := a.Bind(); err != nil {
		t.Fatal(err)
	}
	p := pipeline.New("offer", pipeline.DrainTime(drain))
	build(p.From(a))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { _ = stop() })
	gauge = func(name string) string {
		for _, g := range p.Stats().Node("accept").Gauges {
			if g.Name == name {
				return g.Value
			}
		}
		return ""
	}
	return a.Addr().String(), gauge, stop
}

func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never happened that %s", what)
		}
	}
}

func ends(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read %d bytes, %v, not an end", n, err)
	}
}

func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestASinkTakesAcceptedConnectionsOver(t *testing.T) {
	k := &keeper{}
	addr, gauge, stop := offering(t, 10*time.Second, func(f *pipeline.Flow[stage.Accepted]) { f.To("keep", k.make) }, tcp.Reactor(2))
	var conns []net.Conn
	for range 10 {
		conns = append(conns, connect(t, addr))
	}
	until(t, "all are taken", func() bool { return k.len() == 10 })
	clients := map[string]bool{}
	k.mu.Lock()
	for _, a := range k.seen {
		clients[a.Client.String()] = true
		if a.Server != netip.MustParseAddrPort(addr) {
			t.Errorf("it came to %v, not %s", a.Server, addr)
		}
	}
	k.mu.Unlock()
	for _, c := range conns {
		if !clients[c.LocalAddr().String()] {
			t.Errorf("the client %v is not known", c.LocalAddr())
		}
	}
	if got := gauge("open"); got != "10" {
		t.Errorf("%s connections are open, not 10", got)
	}
	k.letGo(nil)
	for _, c := range conns {
		ends(t, c)
	}
	if open, done := gauge("open"), gauge("closed: done"); open != "0" || done != "10" {
		t.Errorf("%s open, %s done, not 0 and 10", open, done)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A connection that comes to an address of all interfaces is told which one it was.
func TestTheServerOfAWildcardIsAsked(t *testing.T) {
	k := &keeper{}
	a := tcp.Accept("0.0.0.0:0")
	p := pipeline.New("wild")
	p.From(a).To("keep", k.make)
	if err := a.Bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	_, port, _ := net.SplitHostPort(a.Addr().String())
	connect(t, "127.0.0.2:"+port)
	until(t, "it is taken", func() bool { return k.len() == 1 })
	if got := k.seen[0].Server.String(); got != "127.0.0.2:"+port {
		t.Errorf("it came to %s", got)
	}
	k.letGo(nil)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWhatIsFilteredOutIsClosedAndCounted(t *testing.T) {
	k := &keeper{}
	var n atomic.Int32
	addr, gauge, stop := offering(t, time.Second, func(f *pipeline.Flow[stage.Accepted]) {
		f.Via("every other", stage.Filter(func(*stage.Accepted) bool { return n.Add(1)%2 == 0 })).To("keep", k.make)
	})
	ends(t, connect(t, addr))
	in := connect(t, addr)
	until(t, "the second is taken", func() bool { return k.len() == 1 })
	until(t, "the first is counted", func() bool { return gauge("closed: refused by a stage") == "1" })
	k.letGo(nil)
	ends(t, in)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A message that crosses a queue is closed at the end of the batch behind it, not of the one before it.
func TestAConnectionCrossesAQueue(t *testing.T) {
	k := &keeper{}
	var n atomic.Int32
	addr, gauge, stop := offering(t, time.Second, func(f *pipeline.Flow[stage.Accepted]) {
		f.Queue("queue", queue.Ring[stage.Accepted]).
			Via("every other", stage.Filter(func(*stage.Accepted) bool { return n.Add(1)%2 == 0 })).To("keep", k.make)
	})
	ends(t, connect(t, addr))
	connect(t, addr)
	until(t, "the second is taken", func() bool { return k.len() == 1 })
	until(t, "the first is counted", func() bool { return gauge("closed: refused by a stage") == "1" })
	k.letGo(nil)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAPanicCostsTheConnectionThatCausedIt(t *testing.T) {
	k := &keeper{}
	var n atomic.Int32
	addr, gauge, _ := offering(t, time.Second, func(f *pipeline.Flow[stage.Accepted]) {
		f.Via("first", stage.Do(func(*stage.Accepted) {
			if n.Add(1) == 1 {
				panic("for the test")
			}
		})).To("keep", k.make)
	})
	ends(t, connect(t, addr))
	connect(t, addr)
	until(t, "the second is taken", func() bool { return k.len() == 1 })
	until(t, "the first is counted", func() bool { return gauge("closed: panic") == "1" })
	k.letGo(nil)
}

func TestTheLimitsOfAcceptHold(t *testing.T) {
	k := &keeper{}
	addr, gauge, _ := offering(t, time.Second, func(f *pipeline.Flow[stage.Accepted]) { f.To("keep", k.make) },
		tcp.MaxConns(3), tcp.MaxConnsPerAddress(2))
	for range 2 {
		connect(t, addr)
	}
	until(t, "two are taken", func() bool { return k.len() == 2 })
	ends(t, connect(t, addr)) // the third of its address
	from := func(ip string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
		c, err := d.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	from("127.0.0.9")
	until(t, "three are taken", func() bool { return k.len() == 3 })
	ends(t, from("127.0.0.10")) // the fourth of all
	if a, b := gauge("refused: too many of one address"), gauge("refused: too many connections"); a != "1" || b != "1" {
		t.Errorf("refused: %q of one address and %q of all, not 1 and 1", a, b)
	}
	k.letGo(nil)
	connect(t, addr)
	until(t, "there is room again", func() bool { return k.len() == 1 })
	k.letGo(nil)
}

func TestTheEndOfTheDrainCutsAndCounts(t *testing.T) {
	k := &keeper{}
	addr, gauge, stop := offering(t, 50*time.Millisecond, func(f *pipeline.Flow[stage.Accepted]) { f.To("keep", k.make) })
	conns := []net.Conn{connect(t, addr), connect(t, addr)}
	until(t, "both are taken", func() bool { return k.len() == 2 })
	err := stop()
	var lost *pipeline.DrainError
	if !errors.As(err, &lost) || !strings.Contains(err.Error(), "accept: 2 connections were cut") {
		t.Errorf("%v, not that 2 connections were cut", err)
	}
	for _, c := range conns {
		ends(t, c)
	}
	if got := gauge("closed: stopped"); got != "2" || k.cuts.Load() != 1 {
		t.Errorf("%s closed for the stop, in %d cuts, not 2 in 1", got, k.cuts.Load())
	}
}

// What is in the backlog when the source stops had arrived.
func TestTheBacklogIsTakenAtAStop(t *testing.T) {
	k := &keeper{}
	hold, held := make(chan struct{}), make(chan struct{})
	var first sync.Once
	addr, _, stop := offering(t, 10*time.Second, func(f *pipeline.Flow[stage.Accepted]) {
		f.Via("hold", stage.Do(func(*stage.Accepted) { first.Do(func() { close(held); <-hold }) })).To("keep", k.make)
	}, tcp.Reactor(1))
	for range 5 {
		connect(t, addr)
		<-held
	}
	ended := make(chan error)
	go func() { ended <- stop() }()
	time.Sleep(10 * time.Millisecond)
	close(hold)
	until(t, "all five are taken", func() bool { return k.len() == 5 })
	k.letGo(nil)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOptionsThatMakeNoSenseForAcceptAreRefused(t *testing.T) {
	for _, c := range []struct {
		opt  tcp.Option
		want string
	}{
		{tcp.Goroutines(), "needs the loops of epoll"},
		{tcp.IOUring(1), "needs the loops of epoll"},
		{tcp.Linger(time.Second), "Linger would have a loop wait"},
		{tcp.MaxConns(0), "at least 1 connection"},
		{tcp.MaxConnsPerAddress(-1), "less than none"},
		{tcp.Reactor(-1), "needs between 1 and"},
		{tcp.AcceptRate(0, 1), "accept rate needs"},
	} {
		p := pipeline.New("refused")
		p.From(tcp.Accept("127.0.0.1:0", c.opt)).To("keep", (&keeper{}).make)
		if err := p.Run(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, not %q", err, c.want)
		}
	}
}

// A process without descriptors refuses, and goes on when it has some again.
func TestAnAcceptorSurvivesTheLackOfDescriptors(t *testing.T) {
	k := &keeper{}
	addr, gauge, _ := offering(t, time.Second, func(f *pipeline.Flow[stage.Accepted]) { f.To("keep", k.make) })
	var conns []net.Conn
	for range 3 { // before there are none left for these ends
		conns = append(conns, connect(t, addr))
	}
	until(t, "they are taken", func() bool { return k.len() == 3 })
	var rl syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &rl); err != nil {
		t.Fatal(err)
	}
	client, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(client)
	less := syscall.Rlimit{Cur: uint64(client) + 1, Max: rl.Max}
	var filled []int
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &less); err != nil {
		t.Fatal(err)
	}
	for {
		fd, err := syscall.Dup(client)
		if err != nil {
			break
		}
		filled = append(filled, fd)
	}
	ap := netip.MustParseAddrPort(addr)
	err = syscall.Connect(client, &syscall.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()})
	n := 0
	if err == nil {
		n, err = syscall.Read(client, make([]byte, 1))
	}
	for _, fd := range filled {
		_ = syscall.Close(fd)
	}
	if e := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &rl); e != nil {
		t.Fatal(e)
	}
	if n != 0 || err != nil {
		t.Errorf("the client got %d bytes, %v, not an orderly end", n, err)
	}
	if got := gauge("refused: no descriptors"); got != "1" {
		t.Errorf("%q refused for want of descriptors, not 1", got)
	}
	connect(t, addr)
	until(t, "one more is taken", func() bool { return k.len() == 4 })
	k.letGo(nil)
	for _, c := range conns {
		ends(t, c)
	}
}
