package preface_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/leat-io/leat/internal/preface"
)

// A tape gives a TLS connection the bytes of in, and takes down what it writes until the first flight has gone.
type tape struct {
	net.Conn
	in, out []byte
}

var errEnough = errors.New("enough was seen")

func (t *tape) Read(b []byte) (int, error) {
	if len(t.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, t.in)
	t.in = t.in[n:]
	return n, nil
}

func (t *tape) Write(b []byte) (int, error) {
	t.out = append(t.out, b...)
	return 0, errEnough
}

// made is the ClientHello that crypto/tls makes.
func made(c *tls.Config) []byte {
	t := &tape{}
	c.InsecureSkipVerify = true
	tls.Client(t, c).Handshake()
	return t.out
}

// heard is what crypto/tls understands of a ClientHello.
func heard(b []byte) (h preface.Hello, ok bool) {
	t := &tape{in: b}
	tls.Server(t, &tls.Config{GetConfigForClient: func(i *tls.ClientHelloInfo) (*tls.Config, error) {
		h, ok = preface.Hello{Name: i.ServerName, Protocols: i.SupportedProtos}, true
		return nil, errEnough
	}}).Handshake()
	return h, ok
}

// dripped feeds b to a reader as little as it asks for at a time, and checks that asking takes few turns and ends at n.
func dripped(t *testing.T, b []byte, n, most int, parse func([]byte) (int, error)) {
	t.Helper()
	have := 0
	for turns := 0; ; turns++ {
		got, err := parse(b[:have])
		switch {
		case err != nil:
			t.Fatalf("after %d of %d bytes: %v", have, len(b), err)
		case got > 0 && (got != n || have != n):
			t.Fatalf("%d bytes were understood and %d asked for, not %d", got, have, n)
		case got > 0:
			if turns > most {
				t.Errorf("%d bytes took %d turns, more than %d", n, turns, most)
			}
			return
		case -got <= have || -got > n:
			t.Fatalf("after %d bytes, %d in all are asked for, and there are %d", have, -got, n)
		}
		have = -got
	}
}

func endpoints(client, server string) (c, s netip.AddrPort) {
	return netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)
}
