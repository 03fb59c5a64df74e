package tcp_test

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/leat-io/leat/sources/tcp"
)

// from dials with an address of one's own: on Linux, all of 127.0.0.0/8 is the loopback interface.
func from(t *testing.T, s *tcp.Source, host string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	c, err := d.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Skipf("this system does not let a client be %s: %v", host, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestOneAddressDoesNotTakeAllPlaces(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine, tcp.MaxConnsPerAddress(2))
		served(t, s)
		first := from(t, s, "127.0.0.1")
		ask(t, first, "one")
		ask(t, from(t, s, "127.0.0.1"), "two")
		refused(t, from(t, s, "127.0.0.1"))
		for range 2 {
			ask(t, from(t, s, "127.0.0.2"), "another address has places of its own")
		}
		late := from(t, s, "127.0.0.2")
		fmt.Fprintln(late, "what has been sent already does not turn the end into a reset")
		refused(t, late)
		if n, all := count(s, "refused: too many of one address"), count(s, "refused"); n != 2 || all != 2 {
			t.Errorf("%d of %d refusals are for the address, not 2 of 2", n, all)
		}
		first.Close()
		eventually(t, s, "the place is free", func() bool { return count(s, "open") == 3 })
		ask(t, from(t, s, "127.0.0.1"), "again")
	})
}

func TestOneAddressDoesNotComeFasterThanItsRate(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine, tcp.AcceptRatePerAddress(1e-3, 2))
		served(t, s)
		for range 2 {
			ask(t, from(t, s, "127.0.0.1"), "within the burst")
		}
		for range 3 {
			refused(t, from(t, s, "127.0.0.1"))
		}
		ask(t, from(t, s, "127.0.0.2"), "another address has a rate of its own")
		if n, all := count(s, "refused: too many a second of one address"), count(s, "refused"); n != 3 || all != 3 {
			t.Errorf("%d of %d refusals are for the rate, not 3 of 3", n, all)
		}
		if got := gauge(s, "accept rate of one address"); got != "0.001/s, burst 2" {
			t.Errorf("the rate is shown as %q", got)
		}
	})
}

func TestRefusalsForWantOfPlacesAreOrderly(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine, tcp.MaxConns(1), tcp.Linger(0))
		served(t, s)
		ask(t, mustDial(t, s), "in")
		for i := range 20 {
			c := mustDial(t, s)
			if i%2 == 0 {
				fmt.Fprintln(c, "a request that nobody will read")
			}
			refused(t, c)
		}
		if n := count(s, "refused: too many connections"); n != 20 {
			t.Errorf("%d refusals are counted, not 20", n)
		}
	})
}

// What is over the rate waits in the backlog, and is served at a stop: it had arrived.
func TestConnectionsOverTheRateWaitInTheBacklog(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine, tcp.AcceptRate(1e-3, 3))
		p := echo(s, 0)
		stop := start(t, p)
		var all []client
		for i := range 8 {
			c := mustDial(t, s)
			fmt.Fprintln(c, "client", i)
			all = append(all, c)
		}
		eventually(t, s, "the burst is in", func() bool { return p.Stats().Node("decode").Out == 3 })
		if got := gauge(s, "waiting in the backlog"); runtime.GOOS == "linux" && !strings.HasPrefix(got, "5 of ") {
			t.Errorf("in the backlog wait %q", got)
		}
		if n := count(s, "accepted"); n != 3 {
			t.Errorf("%d connections were accepted, not 3", n)
		}
		done := make(chan error)
		go func() { done <- stop() }()
		for i, c := range all {
			b := make([]byte, 100)
			n, err := c.Read(b)
			if want := fmt.Sprintln("client", i); string(b[:n]) != want {
				t.Errorf("got %q, %v, not %q", b[:n], err, want)
			}
			c.Close()
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := count(s, "refused"); n != 0 {
			t.Errorf("%d connections were refused", n)
		}
	})
}

func TestTheRateLetsEverybodyInInTime(t *testing.T) {
	everyEngine(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine, tcp.AcceptRate(500, 1))
		served(t, s)
		var all []client
		for range 20 {
			all = append(all, mustDial(t, s))
		}
		for _, c := range all {
			ask(t, c, "hello")
		}
		if n := count(s, "accepts put off"); n == 0 {
			t.Error("nobody had to wait")
		}
		if got := gauge(s, "accept rate"); got != "500/s, burst 1" {
			t.Errorf("the rate is shown as %q", got)
		}
	})
}

func TestAdmissionThatLetsNobodyInIsAnError(t *testing.T) {
	for want, opt := range map[string]tcp.Option{
		"more than 0 connections a second and a burst of at least 1, not 0 and 5": tcp.AcceptRate(0, 5),
		"not 5 and 0":    tcp.AcceptRate(5, 0),
		"less than none": tcp.MaxConnsPerAddress(-1),
		"a rate of one address needs more than 0 connections a second and a burst of at least 1, not 0 and 5": tcp.AcceptRatePerAddress(0, 5),
	} {
		if err := runOnce(echo(tcp.Listen(":0", opt), 0)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}
