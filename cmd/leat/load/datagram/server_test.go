package datagram

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

// server answers datagrams until the test ends: answer says what to send back, and how often.
func server(t testing.TB, answer func(i int, b []byte) [][]byte) string {
	t.Helper()
	return serverTo(t, func(c *net.UDPConn, to netip.AddrPort, i int, b []byte) {
		for _, reply := range answer(i, b) {
			c.WriteToUDPAddrPort(reply, to)
		}
	})
}

func serverTo(t testing.TB, answer func(c *net.UDPConn, to netip.AddrPort, i int, b []byte)) string {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadBuffer(4 << 20)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 1<<16)
		for i := 0; ; i++ {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			answer(c, from, i, b[:n])
		}
	}()
	t.Cleanup(func() { c.Close(); <-ended })
	return c.LocalAddr().String()
}

func echo(_ int, b []byte) [][]byte { return [][]byte{b} }

func mustRun(t testing.TB, cfg Config) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	res, err := Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// freeAddress is one that nothing listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().String()
}
