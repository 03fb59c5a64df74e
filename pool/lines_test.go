//go:build linux

package pool_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/sources/tcp"
)

// A gate is a server that notes in which order requests come, and answers those that begin with SLOW when it is told.
type gate struct {
	*fake
	open chan struct{}

	mu   sync.Mutex
	came []string
}

func newGate(t testing.TB) *gate {
	g := &gate{fake: newFake(t, nil), open: make(chan struct{})}
	g.script = func(conn int, args []string, w io.Writer) bool {
		g.mu.Lock()
		g.came = append(g.came, args[len(args)-1])
		g.mu.Unlock()
		if strings.HasPrefix(args[len(args)-1], "slow") {
			<-g.open
		}
		return tell(w, conn, args)
	}
	t.Cleanup(func() { close(g.open) })
	return g
}

func (g *gate) order() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.came)
}

// few bounds how many connections there may be.
func few(open int) func(*pool.Limits) {
	return func(l *pool.Limits) { l.MaxOpen, l.MaxIdle = open, open }
}

// Who waits for a connection is served in turn, and nobody's requests overtake each other.
func TestALineIsServedInItsOrder(t *testing.T) {
	server := newGate(t)
	a := assemble(t, plan{limits: few(1), traffic: pool.Traffic{Mode: pool.Exclusive(), Patience: 10 * time.Second, Timeout: -1}}, server.addr())
	first, x, y := talk(t, a.addr), talk(t, a.addr), talk(t, a.addr)
	first.say("GET slow1")
	came := func(n int) {
		t.Helper()
		eventually(t, fmt.Sprint(n, " have come"), func() bool { return len(server.order()) == n })
	}
	came(1)
	settle := func() { time.Sleep(30 * time.Millisecond) } // so that what is said next stands behind
	x.say("GET slow2")
	settle()
	y.say("GET y")
	settle()
	x.say("GET x3")
	settle()
	server.open <- struct{}{}
	first.wants("1:slow1")
	came(2)
	x.say("GET x4") // its client has the connection, and an older request behind those of another
	settle()
	server.open <- struct{}{}
	x.wants("1:slow2", "1:x3", "1:x4")
	y.wants("1:y")
	if got := server.order(); !slices.Equal(got, []string{"slow1", "slow2", "y", "x3", "x4"}) {
		t.Errorf("they have come in the order %v", got)
	}
}

func TestPatienceEnds(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := newGate(t)
		p.limits, p.traffic = few(1), pool.Traffic{Mode: pool.Exclusive(), Patience: 50 * time.Millisecond, Timeout: -1}
		a := assemble(t, p, server.addr())
		first, second := talk(t, a.addr), talk(t, a.addr)
		first.say("GET slow")
		eventually(t, "it has come", func() bool { return len(server.order()) == 1 })
		second.say("GET a", "GET b")
		for range 2 {
			if reply := second.hear(); !strings.HasPrefix(reply, "-ERR") {
				t.Error(reply)
			}
		}
		server.open <- struct{}{}
		first.wants("1:slow")
		second.say("GET c").wants("1:c")
	})
}

// All that belongs to a holding goes where its first request waits, whatever the balance would choose.
func TestAHoldingWaitsInOneLine(t *testing.T) {
	one, two := newGate(t), newGate(t)
	a := assemble(t, plan{limits: few(1), traffic: pool.Traffic{Mode: pool.Exclusive(), Patience: 10 * time.Second, Timeout: -1}}, one.addr(), two.addr())
	for _, first := range []*dialogue{talk(t, a.addr), talk(t, a.addr)} {
		first.say("GET slow")
	}
	eventually(t, "both are busy", func() bool { return len(one.order()) == 1 && len(two.order()) == 1 })
	c := talk(t, a.addr)
	c.say("HOLD a", "HOLD b", "HOLD c", "HOLD d", "DONE e")
	time.Sleep(30 * time.Millisecond)
	two.open <- struct{}{}
	one.open <- struct{}{}
	c.wants("1:a", "1:b", "1:c", "1:d", "1:e")
	if n, m := len(one.order()), len(two.order()); n+m != 7 || n != 1 && m != 1 {
		t.Errorf("one has got %v, and the other %v", one.order(), two.order())
	}
}

// What a client that has ended was going to hold is left to others.
func TestNobodyHoldsForAClientThatHasEnded(t *testing.T) {
	onEach(t, func(t *testing.T, p plan) {
		server := newGate(t)
		p.limits, p.traffic = few(1), pool.Traffic{Mode: pool.Exclusive(), Patience: 10 * time.Second, Timeout: -1}
		a := assemble(t, p, server.addr())
		first, gone, last := talk(t, a.addr), talk(t, a.addr), talk(t, a.addr)
		first.say("GET slow")
		eventually(t, "it has come", func() bool { return len(server.order()) == 1 })
		gone.say("HOLD a")
		time.Sleep(30 * time.Millisecond)
		gone.Conn.(*net.TCPConn).SetLinger(0) // a reset, which leaves no doubt
		gone.Close()
		time.Sleep(30 * time.Millisecond)
		last.say("GET b")
		time.Sleep(30 * time.Millisecond)
		server.open <- struct{}{}
		last.wants("1:b")
	})
}

// Threads take connections from each other when there may not be more.
func TestAConnectionGoesWhereItIsWanted(t *testing.T) {
	for _, open := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(open), func(t *testing.T) {
			server := newFake(t, nil)
			a := assemble(t, plan{engine: tcp.Reactor(3), limits: few(open), traffic: pool.Traffic{Mode: pool.Exclusive(), Patience: 10 * time.Second}}, server.addr())
			all := crowd(t, a.addr, 24, 60, 2, nil)
			if all.answered != 24*60 {
				t.Errorf("%d answered, and refused %v", all.answered, all.texts)
			}
			if n := server.open(); n > open {
				t.Errorf("%d connections are open", n)
			}
		})
	}
}
