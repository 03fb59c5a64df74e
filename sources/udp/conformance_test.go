package udp_test

import (
	"net"
	"testing"

	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/udptest"
)

func TestConformance(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
				t.Run(addr, func(t *testing.T) {
					if addr[0] == '[' && !hasIPv6() {
						t.Skip("this system has no IPv6")
					}
					udptest.Run(t, func(t testing.TB, opts ...udp.Option) udptest.Engine {
						return bound(t, addr, append(opts, e.opts...)...)
					})
				})
			}
		})
	}
}

// bound is a source on the address, and clients of it.
func bound(t testing.TB, addr string, opts ...udp.Option) udptest.Engine {
	t.Helper()
	s := udp.Listen(addr, opts...)
	if err := s.Bind(); err != nil {
		t.Fatal(err)
	}
	return udptest.Engine{
		Source:    s,
		Dial:      func() (net.Conn, error) { return net.Dial("udp", s.Addr().String()) },
		Uncounted: !counted,
	}
}

func hasIPv6() bool {
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err == nil {
		c.Close()
	}
	return err == nil
}
