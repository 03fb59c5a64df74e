package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/internal/certtest"
)

// tunnel starts leat proxy in the mode tunnel.
func tunnel(t *testing.T, args ...string) *process {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this system has no reactor, without which there are no tunnels")
	}
	return start(t, "proxy", append([]string{"--mode", "tunnel", "--access-log", "-"}, args...)...)
}

// vacant is an address where nobody listens.
func vacant(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// serving starts a program, waits until the address is served, and ends it with the test.
func serving(t *testing.T, address string, path string, args ...string) {
	t.Helper()
	var said bytes.Buffer
	c := exec.Command(path, args...)
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { c.Wait(); close(ended) }()
	t.Cleanup(func() { c.Process.Kill(); <-ended })
	for range 400 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s has ended: %s", path, &said)
		case <-time.After(25 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not serve %s", path, address)
}

// nginxOfHeaders runs an nginx that wants a PROXY header and answers with the client that it names.
func nginxOfHeaders(t *testing.T) (address string) {
	t.Helper()
	path, dir := program(t, "nginx", "nginx-light"), t.TempDir()
	address = vacant(t)
	var places strings.Builder
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&places, "  %s_temp_path %s/%s;\n", what, dir, what)
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %s/pid; error_log stderr;
events {}
http {
  access_log off;
%s  server {
    listen %s proxy_protocol;
    location / { return 200 "$proxy_protocol_addr:$proxy_protocol_port\n"; }
  }
}
`, dir, &places, address)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	serving(t, address, path, "-e", "stderr", "-p", dir, "-c", conf)
	return address
}

// curl asks for a page from an address of the loopback interface, and returns what it got and the port that it had.
func curl(t *testing.T, from, address string, args ...string) (answer, port string) {
	t.Helper()
	args = append(args, "-sS", "--max-time", "20", "--interface", from, "-w", "%{local_port}", "http://"+address+"/")
	out, err := exec.CommandContext(t.Context(), program(t, "curl", "curl"), args...).Output()
	if err != nil {
		t.Fatalf("curl: %v, %s", err, out)
	}
	answer, port, _ = strings.Cut(string(out), "\n")
	return answer, port
}

// A client is called what the PROXY header of a listed proxy says, in the log and by the header that the server is sent.
func TestCurlAndNginxSpeakThePROXYProtocolThroughATunnel(t *testing.T) {
	server := nginxOfHeaders(t)
	for _, version := range []string{"v1", "v2"} {
		p := tunnel(t, "--servers", server, "--proxy-from", "127.0.0.5", "--send-proxy", version)
		answer, port := curl(t, "127.0.0.5", p.address, "--haproxy-protocol")
		if want := "127.0.0.5:" + port; answer != want {
			t.Errorf("%s: nginx was told %q, not %q", version, answer, want)
		}
		answer, port = curl(t, "127.0.0.6", p.address) // is not listed, and sends none
		if want := "127.0.0.6:" + port; answer != want {
			t.Errorf("%s: nginx was told %q, not %q", version, answer, want)
		}
		if status := p.end(syscall.SIGTERM); status != exitOK {
			t.Errorf("status %d: %s", status, p.said())
		}
		if !strings.Contains(p.out.String(), `"client":"127.0.0.5:`) {
			t.Errorf("the access log is %s", &p.out)
		}
	}
}

func TestHAProxySaysWhoItsClientsAre(t *testing.T) {
	path, server := program(t, "haproxy", "haproxy"), nginxOfHeaders(t)
	for _, send := range []string{"send-proxy", "send-proxy-v2"} {
		p := tunnel(t, "--servers", server, "--proxy-from", "127.0.0.1", "--send-proxy", "v2")
		front, conf := vacant(t), filepath.Join(t.TempDir(), "haproxy.cfg")
		text := fmt.Sprintf(`defaults
  mode tcp
  timeout connect 20s
  timeout client 20s
  timeout server 20s
listen front
  bind %s
  server leat %s %s
`, front, p.address, send)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		serving(t, front, path, "-db", "-f", conf)
		answer, port := curl(t, "127.0.0.5", front)
		if want := "127.0.0.5:" + port; answer != want {
			t.Errorf("%s: nginx was told %q, not %q", send, answer, want)
		}
		if status := p.end(syscall.SIGTERM); status != exitOK {
			t.Errorf("status %d: %s", status, p.said())
		}
	}
}

// greeter serves TLS with a certificate of its own for names, and greets each client with a word. It returns its address.
func greeter(t *testing.T, a *certtest.Authority, word string, names ...string) string {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{a.Issue(names...)}, NextProtos: []string{word}}
	return answering(t, func(c net.Conn) {
		c = tls.Server(c, config)
		defer c.Close()
		fmt.Fprintln(c, word)
		io.Copy(io.Discard, c)
	})
}

// Clients of TLS get to the servers of the name that they ask for, whose certificates they see: nothing is decrypted on the way.
func TestATunnelGoesToTheServersOfAName(t *testing.T) {
	a := certtest.New(t)
	api, wild := greeter(t, a, "api", "api.example.org"), greeter(t, a, "wild", "web.example.net")
	other := greeter(t, a, "other", "elsewhere.example", "127.0.0.1")
	p := tunnel(t, "--servers", other, "--names", "api.example.org="+api+",*.example.net="+wild)
	for name, want := range map[string]string{"api.example.org": "api", "web.example.net": "wild", "elsewhere.example": "other", "127.0.0.1": "other"} {
		for _, most := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			cfg := a.Client(name)
			cfg.MaxVersion = most
			c, err := tls.Dial("tcp", p.address, cfg)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if got, err := bufio.NewReader(c).ReadString('\n'); err != nil || got != want+"\n" {
				t.Errorf("%s is greeted by %q, %v, not %s", name, got, err, want)
			}
			c.Close()
		}
	}
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d: %s", status, p.said())
	}
	if !strings.Contains(p.out.String(), `"name":"api.example.org"`) {
		t.Errorf("the access log is %s", &p.out)
	}
}

func TestOpenSSLSeesTheCertificateOfTheNameThatItAsksFor(t *testing.T) {
	path, a := program(t, "openssl", "openssl"), certtest.New(t)
	api, other := greeter(t, a, "api", "api.example.org"), greeter(t, a, "other", "elsewhere.example")
	p := tunnel(t, "--names", "api.example.org="+api+",*="+other)
	for name, want := range map[string]string{"api.example.org": "api.example.org", "nobody.example": "elsewhere.example"} {
		out, _ := exec.CommandContext(t.Context(), path, "s_client", "-connect", p.address, "-servername", name).CombinedOutput()
		if !strings.Contains(strings.ReplaceAll(string(out), " ", ""), "CN="+want) {
			t.Errorf("for %s, %s is missing in %s", name, want, out)
		}
	}
}

// A name that nobody serves is an orderly end, and so is what is no TLS where nobody serves everything else.
func TestANameThatNobodyServesIsClosed(t *testing.T) {
	a := certtest.New(t)
	p := tunnel(t, "--names", "api.example.org="+greeter(t, a, "api", "api.example.org"))
	if c, err := tls.Dial("tcp", p.address, a.Client("nobody.example")); err == nil {
		c.Close()
		t.Error("somebody serves it")
	}
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprint(c, "GET / HTTP/1.1\r\n\r\n")
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// A proxy that does not look for names does not take any over.
func TestNamesCannotBeAddedToATunnelThatHasNone(t *testing.T) {
	a := certtest.New(t)
	api := greeter(t, a, "api", "api.example.org")
	without := fmt.Sprintf("proxy:\n  mode: tunnel\n  servers: [%s]\n", api)
	path := configFileOf(t, without)
	p := tunnel(t, "--config", path)
	p.hangup(t, path, without+"  names: api.example.org="+api+"\n", "the proxy was started without names")
	p.hangup(t, path, without, `"the configuration was read again"`)
}

// The rate of one address holds in each mode, beside that of all.
func TestTheRatesOfAcceptingHoldInAllModes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system has no reactor, without which a pipeline cannot use a pool")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for c, err := ln.Accept(); err == nil; c, err = ln.Accept() {
			go func() { io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	for _, mode := range assembly.Modes {
		cfg := assembly.DefaultProxy()
		cfg.Mode, cfg.Listen, cfg.AcceptRate, cfg.AcceptRatePerAddress, cfg.CheckEvery = mode, "127.0.0.1:0", 1000, 0.001, 0
		if err := cfg.Servers.Set(ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		p, err := cfg.Assemble(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		addressRate(t, p.Source.Bind, p.Source.Addr, p.Run)
	}
	s := assembly.DefaultTCP()
	s.Listen, s.AcceptRate, s.AcceptRatePerAddress = "127.0.0.1:0", 1000, 0.001
	server, err := s.Assemble()
	if err != nil {
		t.Fatal(err)
	}
	addressRate(t, server.Source.Bind, server.Source.Addr, server.Run)
}

// addressRate runs a server whose clients may come 8 at once.
func addressRate(t *testing.T, bind func() error, addr func() net.Addr, run func(context.Context) error) {
	t.Helper()
	if err := bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	const burst = 8
	var conns []net.Conn
	for i := range burst + 1 {
		c, err := net.Dial("tcp", addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		if i == burst {
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("the client that is one too many read %d bytes, %v", n, err)
			}
		}
	}
	cancel()
	for _, c := range conns {
		c.Close()
	}
	<-ended
}
