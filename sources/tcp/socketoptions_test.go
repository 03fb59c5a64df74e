//go:build unix

package tcp_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/sockopt"
	"github.com/leat-io/leat/sources/tcp"
)

func TestDefaultsOfPackageNetAreSetAndShown(t *testing.T) {
	s := bound(t)
	if got := gauge(s, "no delay"); got != "on" {
		t.Errorf("no delay is %q", got)
	}
	if got := gauge(s, "keep-alive"); runtime.GOOS == "linux" && got != "after 15s each 15s, 9 times" {
		t.Errorf("keep-alive is %q", got)
	}
	if err := runOnce(echo(s, 0)); err != nil {
		t.Error(err)
	}
}

// What is set on the listening socket holds for the connections, at no cost for each of them.
func TestConnectionsHaveTheOptions(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		asked := map[*sockopt.Option]tcp.Option{}
		add := func(o sockopt.Option, opt tcp.Option) { asked[&o] = opt }
		add(sockopt.NoDelay(false), tcp.NoDelay(false))
		add(sockopt.ReceiveBuffer(40_000), tcp.ReceiveBuffer(40_000))
		add(sockopt.SendBuffer(50_000), tcp.SendBuffer(50_000))
		add(sockopt.Linger(time.Second), tcp.Linger(time.Second))
		if runtime.GOOS == "linux" {
			add(sockopt.KeepAlive(20*time.Second, 5*time.Second, 3), tcp.KeepAlive(20*time.Second, 5*time.Second, 3))
			add(sockopt.UserTimeout(7*time.Second), tcp.UserTimeout(7*time.Second))
			add(sockopt.Congestion("reno"), tcp.Congestion("reno"))
		}
		for _, quick := range []bool{false, true} { // each of them once for each connection
			opts := []tcp.Option{tcp.NoDelay(true)} // the later one holds
			for _, opt := range asked {
				opts = append(opts, opt)
			}
			if runtime.GOOS == "linux" {
				opts = append(opts, tcp.QuickAck(quick))
			}
			s := bound(t, append(opts, engine)...)
			served(t, s)
			for range 2 {
				ask(t, mustDial(t, s), "hello")
			}
			fds := tcp.Sockets(s)
			if len(fds) != 2 {
				t.Fatalf("%d connections are open", len(fds))
			}
			for _, fd := range fds {
				for o := range asked {
					if got, err := o.Get(fd); got != o.Asked || err != nil {
						t.Errorf("%s of a connection is %q, %v", o.Name, got, err)
					}
					if got := gauge(s, o.Name); got != o.Asked {
						t.Errorf("%s is shown as %q, not %q", o.Name, got, o.Asked)
					}
				}
			}
		}
	})
}

func TestAnOptionThatIsRefusedIsAnErrorOfStart(t *testing.T) {
	for want, opt := range map[string]tcp.Option{
		`the option "receive buffer" cannot be 0: it must be more than 0`: tcp.ReceiveBuffer(0),
		`the option "keep-alive" cannot be after 1s each 0s, 0 times`:     tcp.KeepAlive(time.Second, 0, 0),
		`the option "congestion control"`:                                 tcp.Congestion("nosuch"),
	} {
		err := runOnce(echo(tcp.Listen(":0", tcp.Name("front"), opt), 0))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `source "front"`) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestWhatTheSystemGrantsIsShownBesideWhatWasAsked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system says nothing about its backlog")
	}
	s := bound(t, tcp.Backlog(1<<20), tcp.DeferAccept(5*time.Second))
	if got := gauge(s, "backlog"); !strings.HasSuffix(got, ", asked 1048576") {
		t.Errorf("the backlog is %q", got)
	}
	if got := gauge(s, "defer accept"); got != "7s, asked 5s" {
		t.Errorf("accepting is deferred for %q", got)
	}
	if got := gauge(s, "waiting in the backlog"); !strings.HasPrefix(got, "0 of ") {
		t.Errorf("in the backlog wait %q", got)
	}
	if err := runOnce(echo(s, 0)); err != nil {
		t.Error(err)
	}
}

// A client that says nothing is not accepted; the kernel keeps its connection.
func TestAcceptingIsDeferredUntilSomethingIsSaid(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		if runtime.GOOS != "linux" {
			t.Skip("this system does not defer")
		}
		s := bound(t, engine, tcp.DeferAccept(10*time.Second))
		served(t, s)
		c := mustDial(t, s)
		ask(t, mustDial(t, s), "of the second")
		if n := count(s, "accepted"); n != 1 {
			t.Errorf("%d connections were accepted, of which one has said something", n)
		}
		ask(t, c, "of the first")
		if n := count(s, "accepted"); n != 2 {
			t.Errorf("%d connections were accepted, not 2", n)
		}
	})
}
