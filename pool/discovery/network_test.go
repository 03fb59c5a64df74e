package discovery_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/leat-io/leat/pool/discovery"
)

// served is the address of a name server on the loopback that answers as the zone does, over UDP and TCP.
func served(t *testing.T, z *zone) string {
	t.Helper()
	packets, streams := twins(t)
	for network, s := range map[string]*dns.Server{"udp": {PacketConn: packets}, "tcp": {Listener: streams}} {
		s.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
			if a := z.answer(q, "the server", network); a != nil {
				w.WriteMsg(a)
			}
		})
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		ended := make(chan error, 1)
		go func() { ended <- s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() {
			s.Shutdown()
			<-ended
		})
	}
	return packets.LocalAddr().String()
}

// twins listens to one port of UDP and of TCP. Any port of one may be taken in the other, so it tries several.
func twins(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	var err error
	for range 100 {
		packets, e := net.ListenPacket("udp", "127.0.0.1:0")
		if e != nil {
			t.Fatal(e)
		}
		streams, e := net.Listen("tcp", packets.LocalAddr().String())
		if e == nil {
			return packets, streams
		}
		packets.Close()
		err = e
	}
	t.Fatal("a port of UDP is not free in TCP, a hundred times: ", err)
	return nil, nil
}

// soon waits until f says so.
func soon(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in 20 seconds it was not so that " + what)
		}
	}
}

func TestAServerOfTheNetworkIsAsked(t *testing.T) {
	z := &zone{records: []string{"cache.example.org. 0 IN A 192.0.2.1", soa}}
	o := discovery.DNSOptions{Servers: []string{served(t, z)}, MinRefresh: 5 * time.Millisecond, MaxRefresh: 20 * time.Millisecond, Timeout: 200 * time.Millisecond}
	s, err := discovery.DNS("cache.example.org:80", o)
	if err != nil {
		t.Fatal(err)
	}
	r, end := run(t, s)
	defer end()
	found := func(want string) func() bool {
		return func() bool {
			got, n := r.last()
			return got == want && n > 0
		}
	}
	wrong := func(want string) func() bool {
		return func() bool {
			got, _ := r.wrong()
			return strings.Contains(got, want)
		}
	}
	soon(t, "an address was found", found("192.0.2.1:80"))
	z.set(func(z *zone) {
		z.records[0] = "cache.example.org. 0 IN A 192.0.2.2"
		z.short, z.asked = true, nil
	})
	soon(t, "a change was found over TCP", found("192.0.2.2:80"))
	if !slices.Contains(z.questions(), "the server tcp A cache.example.org.") {
		t.Error("nothing was asked over TCP")
	}
	z.set(func(z *zone) { z.rcode = map[string]int{"": dns.RcodeServerFailure} })
	soon(t, "the failure of the server was told", wrong("it answers SERVFAIL"))
	z.set(func(z *zone) { z.silent = map[string]bool{"the server": true} })
	soon(t, "its silence was told", wrong("i/o timeout"))
	if !found("192.0.2.2:80")() {
		t.Error("what was found does not hold while the server fails")
	}
	z.set(func(z *zone) { z.rcode, z.silent, z.records = nil, nil, []string{soa} })
	soon(t, "the name is gone", found(""))
	z.set(func(z *zone) { z.records = []string{"cache.example.org. 0 IN AAAA 2001:db8::1"} })
	soon(t, "it is back", found("[2001:db8::1]:80"))
	z.set(func(z *zone) { z.silent = map[string]bool{"the server": true} })
	soon(t, "a question waits", func() bool { return len(z.questions()) > 0 })
	began := time.Now()
	if end(); time.Since(began) > 10*time.Second {
		t.Error("the end waited for an answer")
	}
}
