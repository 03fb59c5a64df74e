package tcp_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/sources/tcp"
)

// BenchmarkTLSHandshake is a connection with its handshake, one line and its echo, client and server together; on net it is
// crypto/tls as everybody uses it.
func BenchmarkTLSHandshake(b *testing.B) {
	for _, resumed := range []bool{false, true} {
		name := map[bool]string{false: "full", true: "resumed"}[resumed]
		everyServer(b, name, func(b *testing.B, addr string, config *tls.Config) {
			config.CurvePreferences = []tls.CurveID{tls.CurveP256}
			if resumed {
				config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			}
			line := []byte("hello\n")
			for b.Loop() {
				c, err := tls.Dial("tcp", addr, config)
				if err != nil {
					b.Fatal(err)
				}
				c.Write(line)
				if _, err := io.ReadFull(c, line); err != nil {
					b.Fatal(err)
				}
				c.Close()
			}
		})
	}
}

// BenchmarkTLSEcho is 64 bytes there and back, client and server together.
func BenchmarkTLSEcho(b *testing.B) {
	everyServer(b, "64 bytes", func(b *testing.B, addr string, config *tls.Config) {
		c, err := tls.Dial("tcp", addr, config)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		line := make([]byte, 64)
		line[63] = '\n'
		for b.Loop() {
			c.Write(line)
			if _, err := io.ReadFull(c, line); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func everyServer(b *testing.B, name string, run func(*testing.B, string, *tls.Config)) {
	authority := certtest.New(b)
	server := &tls.Config{Certificates: []tls.Certificate{authority.Issue("localhost")}}
	for _, e := range []engineOf{{"reactor", tcp.Reactor(1), true}, {"goroutines", tcp.Goroutines(), false}} {
		b.Run(name+"/"+e.name, func(b *testing.B) {
			s := tcp.Listen("127.0.0.1:0", e.engine, tcp.TLS(server))
			if err := s.Bind(); err != nil {
				b.Fatal(err)
			}
			stop := start(nil, echo(s, 0))
			defer stop()
			b.ReportAllocs()
			run(b, s.Addr().String(), authority.Client("localhost"))
		})
	}
	b.Run(name+"/net", func(b *testing.B) {
		ln, err := tls.Listen("tcp", "127.0.0.1:0", server)
		if err != nil {
			b.Fatal(err)
		}
		defer ln.Close()
		go echoOnNet(ln)
		b.ReportAllocs()
		run(b, ln.Addr().String(), authority.Client("localhost"))
	})
}

// echoOnNet is an echo as one writes it with package net.
func echoOnNet(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for b := make([]byte, 4096); ; {
				n, err := c.Read(b)
				if err != nil {
					return
				}
				if _, err := c.Write(b[:n]); err != nil {
					return
				}
			}
		}()
	}
}
