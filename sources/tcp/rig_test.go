package tcp_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/tcp"
)

// gauge returns a figure of the source, or "" when there is none of that name.
func gauge(s *tcp.Source, name string) string {
	for _, g := range s.Gauges() {
		if g.Name == name {
			return g.Value
		}
	}
	return ""
}

// count is a gauge that is a number, 0 when there is none of that name.
func count(s *tcp.Source, name string) (n int) {
	fmt.Sscan(gauge(s, name), &n)
	return n
}

func eventually(t *testing.T, s *tcp.Source, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s: %v", what, s.Gauges())
		}
	}
}

// ask sends a line and wants it back.
func ask(t *testing.T, c net.Conn, text string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, len(text)+1)
	if _, err := fmt.Fprintln(c, text); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, b); err != nil || string(b) != text+"\n" {
		t.Fatalf("%q, %v", b, err)
	}
}

// served runs a pipeline that echoes lines, and stops it when the test ends.
func served(t *testing.T, s *tcp.Source) *pipeline.Pipeline {
	t.Helper()
	p := echo(s, 0)
	stop := start(t, p)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// refused reads the end of a connection that was not served.
func refused(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
		t.Errorf("a client that was refused got %q, %v, and not an orderly end", b, err)
	}
}

func wantError(t *testing.T, s *tcp.Source, want string) {
	t.Helper()
	if err := s.Bind(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%q is missing in %v", want, err)
	}
}
