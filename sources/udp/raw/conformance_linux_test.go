package raw_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/leat-io/leat/internal/vethtest"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/raw"
	"github.com/leat-io/leat/sources/udp/udptest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name   string
		engine func(iface string, opts ...raw.Option) udp.Option
		mtu    int
	}{
		{"packet ring", raw.PacketRing, 65535}, // without fragments, the longest datagram is one of 65507
		{"XDP", raw.XDP, 3400},                 // which fits into a page, with what the kernel keeps of it
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, v6 := range []bool{false, true} {
				t.Run(map[bool]string{false: "IPv4", true: "IPv6"}[v6], func(t *testing.T) {
					udptest.Run(t, func(t testing.TB, opts ...udp.Option) udptest.Engine {
						near, far := vethtest.Pair(t)
						far.FinishChecksums(t)
						near.IP(t, fmt.Sprint("link set near mtu ", c.mtu))
						far.IP(t, fmt.Sprint("link set far mtu ", c.mtu))
						addr, headers := near.Addr4(port), 28
						if v6 {
							addr, headers = near.Addr6(port), 48
						}
						s := udp.Listen(addr.String(), append(opts, c.engine(near.Iface))...)
						var err error
						near.Do(func() { err = s.Bind() })
						if err != nil {
							t.Fatal(err)
						}
						return udptest.Engine{
							Source: s,
							Dial: func() (c net.Conn, err error) {
								far.Do(func() { c, err = net.Dial("udp", addr.String()) })
								return c, err
							},
							Longest: c.mtu - headers,
						}
					})
				})
			}
		})
	}
}
