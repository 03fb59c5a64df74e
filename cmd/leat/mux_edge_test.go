//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/certtest"
)

// papers are the files of an authority, and of a server and a client that it knows.
type papers struct{ ca, cert, key, clientCert, clientKey string }

func issue(t *testing.T) (p papers) {
	t.Helper()
	dir := t.TempDir()
	ca := certtest.New(t)
	p.ca = filepath.Join(dir, "ca.pem")
	ca.WriteFile(p.ca)
	p.cert, p.key = certtest.WriteFiles(t, dir, "server", ca.Issue("127.0.0.1"))
	p.clientCert, p.clientKey = certtest.WriteFiles(t, dir, "client", ca.Issue("client"))
	return p
}

// Both sides have certificates; who has none is not served.
func TestGatewaysKnowEachOtherByTheirCertificates(t *testing.T) {
	p := issue(t)
	server := serve(t, "--app", "upper")
	far := startMux(t, "gateway", "--listen", "127.0.0.1:0", "--to", server.address, "--tls-cert", p.cert, "--tls-key", p.key, "--tls-client-ca", p.ca)
	near := startMux(t, "gateway", "--listen", "127.0.0.1:0", "--via", far.address, "--server-tls", "on", "--server-ca", p.ca,
		"--server-cert", p.clientCert, "--server-key", p.clientKey)
	if got := whole(t, near.address, "hello\n"); got != "HELLO\n" {
		t.Errorf("got %q", got)
	}
	stranger := startMux(t, "gateway", "--listen", "127.0.0.1:0", "--via", far.address, "--server-tls", "on", "--server-ca", p.ca, "--connect-timeout", "300ms")
	if got := whole(t, stranger.address, "hello\n"); got != "" {
		t.Errorf("who has no certificate got %q", got)
	}
	if !strings.Contains(stranger.said(), "the far gateway cannot be reached") {
		t.Errorf("it logs %s", stranger.said())
	}
}

// whole sends a text, ends its direction, and reads what comes.
func whole(t *testing.T, address, text string) string {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(c, text)
	_ = c.(interface{ CloseWrite() error }).CloseWrite()
	b, _ := io.ReadAll(c)
	return string(b)
}

func TestGatewaysSpeakOverUnixSockets(t *testing.T) {
	dir := t.TempDir()
	server := serve(t, "--app", "upper")
	far := startMux(t, "gateway", "--json", "--listen", "unix:"+filepath.Join(dir, "far"), "--to", server.address)
	near := startMux(t, "gateway", "--json", "--listen", "unix:"+filepath.Join(dir, "near"), "--via", "unix:"+far.address, "--mux-conns", "2")
	for range 4 {
		if got := whole(t, near.address, "hello\n"); got != "HELLO\n" {
			t.Errorf("got %q", got)
		}
	}
	if n, f := stopMux(t, near), stopMux(t, far); n["connections"] != 4 || f["connections"] != 4 || !n.well() || !f.well() {
		t.Errorf("the near one has done %v, the far one %v", n, f)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// What a client is passes from one proxy to the next: in by a header that it is told, out by one that it tells.
func TestAHeaderSaysWhoTheClientIs(t *testing.T) {
	got := make(chan string, 1)
	server := answering(t, func(c net.Conn) {
		b, _ := io.ReadAll(c)
		got <- string(b)
	})
	near, _ := gateways(t, server, "--proxy-from", "127.0.0.1", "--send-proxy", "v1")
	whole(t, near.address, "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\nhello")
	if b := <-got; b != "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\nhello" {
		t.Errorf("the server got %q", b)
	}
}

func TestConnectionsOfTheMuxAreBounded(t *testing.T) {
	p := startMux(t, "serve", "--listen", "127.0.0.1:0", "--max-conns", "2")
	var open []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if n, err := io.Copy(io.Discard, c); n > 0 {
		t.Errorf("one more connection gets %d bytes, %v", n, err)
	}
	open[0].Close()
}

// Who speaks something else to the port of the mux is closed, and harms nobody.
func TestGarbageOnThePortOfTheMux(t *testing.T) {
	p := startMux(t, "serve", "--listen", "127.0.0.1:0")
	var loaded sync.WaitGroup
	loaded.Go(func() {
		if res, msg, status := muxLoad(t, "--address", p.address, "--duration", "1s", "--expect", "success=100%"); status != exitOK {
			t.Errorf("status %d, %s: %+v", status, msg, res)
		}
	})
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", "leatmux\n\xff\xff\xff\xff\xff\xff\xff\xff", strings.Repeat("\x00", 1<<16),
		"leatmux\n\x01\x01\x00\x00\x07\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00",
	} {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(c, text)
		if _, err := io.Copy(io.Discard, c); err != nil && os.IsTimeout(err) {
			t.Errorf("behind %.20q it stays open", text)
		}
		c.Close()
	}
	loaded.Wait()
	if !strings.Contains(p.said(), "a connection has broken the protocol") {
		t.Errorf("it logs %s", p.said())
	}
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Errorf("exit status %d", s)
	}
}

// A far gateway that is replaced, or ends before another is there, loses no connection of those who come all the while.
func TestAFarGatewayIsReplacedUnderLoad(t *testing.T) {
	server := serve(t, "--app", "upper")
	dir := t.TempDir()
	address := "unix:" + filepath.Join(dir, "far")
	far := startMux(t, "gateway", "--listen", address, "--to", server.address)
	near := startMux(t, "gateway", "--json", "--listen", "127.0.0.1:0", "--via", address)
	var answered atomic.Int64
	var clients sync.WaitGroup
	quit := make(chan struct{})
	for i := range 8 {
		clients.Go(func() {
			for j := 0; ; j++ {
				select {
				case <-quit:
					return
				default:
				}
				text := fmt.Sprintf("hello %d of %d\n", j, i)
				if got := whole(t, near.address, text); got != strings.ToUpper(text) {
					t.Errorf("got %q", got)
				}
				answered.Add(1)
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	if s := far.end(syscall.SIGTERM); s != exitOK {
		t.Errorf("exit status %d: %s", s, far.said())
	}
	next := launch(t, "mux", "gateway", "--listen", address, "--to", server.address)
	time.Sleep(200 * time.Millisecond)
	next.restart()
	next.says(`"stopped"`, 1) // the first of the two has nothing left to do
	time.Sleep(200 * time.Millisecond)
	close(quit)
	clients.Wait()
	if n := stopMux(t, near); n["connections"] != answered.Load() || !n.well() {
		t.Errorf("%d were answered, and the near gateway has done %v", answered.Load(), n)
	}
	next.stop()
}

// Bytes that a client of a gateway does not read stop it and nobody else.
func TestAClientThatDoesNotReadStopsOnlyItself(t *testing.T) {
	near, _ := gateways(t, website(t))
	lazy, err := net.Dial("tcp", near.address)
	if err != nil {
		t.Fatal(err)
	}
	defer lazy.Close()
	fmt.Fprintf(lazy, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", 256<<20)
	time.Sleep(300 * time.Millisecond)
	got := whole(t, near.address, "POST /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
	if !bytes.HasSuffix([]byte(got), []byte("helloxxx")) {
		t.Errorf("another got %q", got)
	}
	near.end(os.Kill)
}
