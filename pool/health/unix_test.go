package health_test

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/leat-io/leat/pool/health"
)

// A server behind a socket of the file system is checked like others.
func TestAServerBehindAUnixSocketIsChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("this system has no unix sockets: ", err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 64)
			if n, _ := c.Read(b); n > 0 {
				c.Write([]byte("+PONG\r\n"))
			}
			c.Close()
		}
	}()
	for name, check := range map[string]health.Checker{"ping": health.Ping(health.Credentials{}), "connect": health.TCP()} {
		if err := check.Check(t.Context(), "unix:"+path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ln.Close()
	if err := health.TCP().Check(t.Context(), "unix:"+path); err == nil {
		t.Error("a socket that nobody listens on is said to serve")
	}
}
