package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// well says whether all connections of a gateway have ended in order.
func (d done) well() bool { return d["connections refused"] == 0 && d["connections broken"] == 0 }

func roundTrip(c net.Conn, text string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	b := make([]byte, len(text))
	if _, err := io.ReadFull(c, b); err != nil {
		return err
	}
	if string(b) != text {
		return fmt.Errorf("%q came back as %q", text, b)
	}
	return nil
}

// gateways are a near and a far one before a server.
func gateways(t *testing.T, to string, nearArgs ...string) (near, far *process) {
	t.Helper()
	far = startMux(t, "gateway", "--json", "--listen", "127.0.0.1:0", "--to", to)
	near = startMux(t, append([]string{"gateway", "--json", "--listen", "127.0.0.1:0", "--via", far.address}, nearArgs...)...)
	return near, far
}

// website serves pages of many sizes.
func website(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		w.Write(append(body, bytes.Repeat([]byte("x"), n)...))
	})}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return ln.Addr().String()
}

func TestHTTPGoesThroughTwoGateways(t *testing.T) {
	near, far := gateways(t, website(t), "--compress", "s2", "--checksums")
	var wg sync.WaitGroup
	var failed atomic.Int64
	for i := range 50 {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for j := range 5 {
				n := i * j * 1000
				resp, err := client.Post(fmt.Sprintf("http://%s/%d", near.address, n), "text/plain", strings.NewReader("hello"))
				if err != nil {
					t.Error(err)
					failed.Add(1)
					return
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || len(b) != 5+n || !bytes.HasPrefix(b, []byte("hello")) {
					t.Errorf("%d bytes of %d came, %v", len(b), 5+n, err)
				}
			}
		})
	}
	wg.Wait()
	n, f := stopMux(t, near), stopMux(t, far)
	if n["connections"] != 50 || f["connections"] != 50 || !n.well() || !f.well() || n["bytes in"] != f["bytes in"] || n["bytes out"] != f["bytes out"] {
		t.Errorf("the near one has done %v, the far one %v", n, f)
	}
}

func TestCurlGoesThroughTwoGateways(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl here")
	}
	near, _ := gateways(t, website(t))
	out, err := exec.Command(curl, "-sS", "--max-time", "20", "-d", "hello", "http://"+near.address+"/3").Output()
	if err != nil || string(out) != "helloxxx" {
		t.Errorf("curl got %q: %v", out, err)
	}
}

// A client that ends its direction still gets its answer.
func TestNetcatGoesThroughTwoGateways(t *testing.T) {
	nc, err := exec.LookPath("nc")
	if err != nil {
		t.Skip("there is no nc here; Debian has it in netcat-openbsd")
	}
	server := serve(t, "--app", "upper")
	near, _ := gateways(t, server.address)
	host, port, _ := net.SplitHostPort(near.address)
	c := exec.Command(nc, "-N", "-w", "20", host, port)
	c.Stdin = strings.NewReader("hello\nworld\n")
	if out, err := c.Output(); err != nil || string(out) != "HELLO\nWORLD\n" {
		t.Errorf("nc got %q: %v", out, err)
	}
}

// accepting is a server that hands its connections over.
func accepting(t *testing.T) (string, <-chan *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	conns := make(chan *net.TCPConn, 16)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conns <- c.(*net.TCPConn)
		}
	}()
	return ln.Addr().String(), conns
}

func TestAResetPassesThroughBothGateways(t *testing.T) {
	to, conns := accepting(t)
	near, _ := gateways(t, to)
	for _, byClient := range []bool{true, false} {
		dialed, err := net.Dial("tcp", near.address)
		if err != nil {
			t.Fatal(err)
		}
		client, server := dialed.(*net.TCPConn), <-conns
		resets, sees := client, server
		if !byClient {
			resets, sees = server, client
		}
		resets.SetLinger(0)
		resets.Close()
		sees.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := sees.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("behind a reset, by the client %v, the other sees %v", byClient, err)
		}
		sees.Close()
	}
}

func TestAServerThatIsGoneResetsTheConnection(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	near, far := gateways(t, ln.Addr().String())
	ln.Close()
	c, err := net.Dial("tcp", near.address)
	if err == nil {
		defer c.Close()
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) { // which may come before the dialer has looked
		t.Errorf("the client sees %v", err)
	}
	n, f := stopMux(t, near), stopMux(t, far)
	if n["connections refused"] != 1 || f["connections refused"] != 1 {
		t.Errorf("the near one has done %v, the far one %v", n, f)
	}
	if !strings.Contains(near.said(), "REFUSED") || !strings.Contains(far.said(), "cannot be reached") {
		t.Errorf("the near one logs %s, the far one %s", near.said(), far.said())
	}
}

// A near gateway whose far one was away goes on when that is back.
func TestTheNearGatewayConnectsAgain(t *testing.T) {
	echo := serve(t, "--codec", "raw")
	near, far := gateways(t, echo.address, "--connect-timeout", "30s")
	try := func() error {
		c, err := net.Dial("tcp", near.address)
		if err != nil {
			return err
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(40 * time.Second))
		return roundTrip(c, "hello")
	}
	if err := try(); err != nil {
		t.Fatal(err)
	}
	if s := far.end(os.Kill); s == exitOK {
		t.Fatal("the far gateway has ended in order")
	}
	waiting := make(chan error, 1)
	go func() { waiting <- try() }()
	time.Sleep(300 * time.Millisecond)
	startMux(t, "gateway", "--listen", far.address, "--to", echo.address)
	if err := <-waiting; err != nil {
		t.Errorf("a connection from while the far gateway was away: %v", err)
	}
	if err := try(); err != nil {
		t.Error(err)
	}
}

func TestOnlyAuthoritiesThatAreAllowedAreReached(t *testing.T) {
	echo, upper := serve(t, "--app", "echo"), serve(t, "--app", "upper")
	far := startMux(t, "gateway", "--listen", "127.0.0.1:0", "--to", echo.address, "--allow-authority", upper.address)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "hello\n"},
		{[]string{"--authority", upper.address}, "HELLO\n"},
		{[]string{"--authority", echo.address}, ""},
	} {
		near := startMux(t, append([]string{"gateway", "--listen", "127.0.0.1:0", "--via", far.address}, c.args...)...)
		conn, err := net.Dial("tcp", near.address)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(conn, "hello\n")
		if got, _ := bufio.NewReader(conn).ReadString('\n'); got != c.want {
			t.Errorf("%v: got %q, want %q", c.args, got, c.want)
		}
		conn.Close()
		near.end(syscall.SIGTERM)
	}
}

// Connections that a near gateway has accepted before it is told to end are carried to their end.
func TestGatewaysDrainUnderLoad(t *testing.T) {
	server := serve(t, "--app", "upper", "--json")
	near, far := gateways(t, server.address)
	var answered, asked atomic.Int64
	var clients sync.WaitGroup
	quit := make(chan struct{})
	for range 16 {
		clients.Go(func() {
			for {
				c, err := net.Dial("tcp", near.address)
				if err != nil {
					return // it does not listen any more
				}
				asked.Add(1)
				c.SetDeadline(time.Now().Add(30 * time.Second))
				_, _ = io.WriteString(c, "hello\n")
				c.(*net.TCPConn).CloseWrite()
				if b, err := io.ReadAll(c); err == nil && string(b) == "HELLO\n" {
					answered.Add(1)
				}
				c.Close()
				select {
				case <-quit:
					return
				default:
				}
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	n := stopMux(t, near)
	close(quit)
	clients.Wait()
	f := stopMux(t, far)
	if all := n["connections"]; all == 0 || !n.well() || answered.Load() != all || f["connections"] != all || !f.well() {
		t.Errorf("%d were asked, %d answered; the near gateway has done %v, the far one %v", asked.Load(), answered.Load(), n, f)
	}
	server.end(syscall.SIGTERM)
}
