package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/certtest"
)

// A site is what a proxy of TLS needs: an authority, certificates, and files to serve.
type site struct {
	*certtest.Authority
	dir, ca, cert, key string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Authority: certtest.New(t), dir: t.TempDir()}
	s.ca = filepath.Join(s.dir, "ca.crt")
	s.WriteFile(s.ca)
	s.cert, s.key = certtest.WriteFiles(t, s.dir, "front", s.Issue("localhost", "127.0.0.1"))
	return s
}

// terminating starts a proxy whose clients speak TLS.
func (s *site) terminating(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, "proxy", append([]string{"--mode", "tunnel", "--loops", "1", "--tls-cert", s.cert, "--tls-key", s.key}, args...)...)
}

// echoServer answers each connection with what it sends, through what wraps it.
func echoServer(t *testing.T, wrap func(net.Conn) net.Conn) string {
	t.Helper()
	return answering(t, func(c net.Conn) {
		c = wrap(c)
		defer c.Close()
		io.Copy(c, c)
	})
}

func plain(c net.Conn) net.Conn { return c }

// nginx serves a file of random bytes, plain and by TLS, and returns both addresses and the file.
func (s *site) nginx(t *testing.T) (clear, secure string, file []byte) {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("there is no nginx (Debian: nginx-light)")
	}
	file = make([]byte, 20<<20)
	rand.Read(file)
	os.WriteFile(filepath.Join(s.dir, "file"), file, 0o644)
	cert, key := certtest.WriteFiles(t, s.dir, "backend", s.Issue("backend.test"))
	socket := func() string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		return ln.Addr().String()
	}
	clear, secure = socket(), socket()
	conf := filepath.Join(s.dir, "nginx.conf")
	os.WriteFile(conf, fmt.Appendf(nil, `daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen %[2]s; root %[1]s; }
	server { listen %[3]s ssl; root %[1]s; ssl_certificate %[4]s; ssl_certificate_key %[5]s; }
}`, s.dir, clear, secure, cert, key), 0o644)
	cmd := exec.Command(path, "-c", conf, "-p", s.dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 400 {
		if c, err := net.Dial("tcp", secure); err == nil {
			c.Close()
			return clear, secure, file
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("nginx does not serve: %s", &said)
	return
}

func TestCurlGetsFilesOfNginxThroughTLS(t *testing.T) {
	path, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	s := newSite(t)
	clear, secure, file := s.nginx(t)
	for what, args := range map[string][]string{
		"terminated":      {"--servers", clear},
		"encrypted anew":  {"--servers", secure, "--server-tls", "on", "--server-ca", s.ca, "--server-name", "backend.test"},
		"routed by name":  {"--names", "localhost=" + clear},
		"and mirrored":    {"--servers", clear, "--mirror", clear},
		"mirror is gone":  {"--servers", clear, "--mirror", "127.0.0.1:1"},
		"alpn and modern": {"--servers", clear, "--tls-alpn", "http/1.1", "--tls-policy", "modern", "--tls-curves", "x25519"},
	} {
		t.Run(what, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			p := s.terminating(t, append(args, "--access-log", log)...)
			_, port, _ := net.SplitHostPort(p.address)
			url := "https://localhost:" + port + "/file"
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			out, err := exec.CommandContext(ctx, path, "-sS", "--ipv4", "--cacert", s.ca, url, url).Output()
			if err != nil {
				t.Fatalf("%v: %s", err, p.said())
			}
			if sha256.Sum256(out) != sha256.Sum256(append(file, file...)) {
				t.Errorf("curl got %d bytes that are not those of the file twice", len(out))
			}
			if status := p.end(syscall.SIGTERM); status != exitOK {
				t.Errorf("status %d: %s", status, p.said())
			}
			if b, _ := os.ReadFile(log); !strings.Contains(string(b), `"localhost"`) {
				t.Errorf("the log does not have the name: %s", b)
			}
		})
	}
}

// A certificate is replaced while connections are in use: none of them is dropped, and new ones see it.
func TestCertificatesOfTunnelsAreReplacedUnderTraffic(t *testing.T) {
	s := newSite(t)
	p := s.terminating(t, "--servers", echoServer(t, plain))
	stop := make(chan struct{})
	done := make(chan error, 8)
	var asked atomic.Int64
	for i := range cap(done) {
		go func() { done <- s.talk(p.address, i%2 == 0, stop, &asked) }()
	}
	client := &tls.Config{InsecureSkipVerify: true}
	for asked.Load() == 0 { // it may not listen to signals before it serves
		time.Sleep(time.Millisecond)
	}
	for i := range 5 {
		name := fmt.Sprintf("renewed-%d", i)
		certtest.WriteFiles(t, s.dir, "front", s.Issue(name, "localhost"))
		p.cmd.Process.Signal(syscall.SIGHUP)
		for range 400 {
			if shown(t, p, client) == name {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if got := shown(t, p, client); got != name {
			t.Errorf("it shows %s, not %s: %s", got, name, p.said())
		}
		for before := asked.Load(); asked.Load() < before+100; {
			time.Sleep(time.Millisecond)
		}
	}
	close(stop)
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// talk asks and is answered, over one connection or a new one each time, until stop is closed.
func (s *site) talk(address string, keep bool, stop chan struct{}, asked *atomic.Int64) error {
	for {
		c, err := tls.Dial("tcp", address, s.Client("localhost"))
		if err != nil {
			return err
		}
		defer c.Close()
		r := bufio.NewReader(c)
		for n := asked.Load(); ; n++ {
			select {
			case <-stop:
				return nil
			default:
			}
			fmt.Fprintln(c, n)
			if got, err := r.ReadString('\n'); err != nil || got != fmt.Sprintln(n) {
				return fmt.Errorf("asked %d, and got %q, %w", n, got, err)
			}
			asked.Add(1)
			if !keep {
				break
			}
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
}

func TestBothSidesOfTunnelsWantCertificates(t *testing.T) {
	s := newSite(t)
	mine := s.Issue("client.test")
	cert, key := certtest.WriteFiles(t, s.dir, "mine", mine)
	address := echoServer(t, func(c net.Conn) net.Conn {
		return tls.Server(c, &tls.Config{
			Certificates: []tls.Certificate{s.Issue("127.0.0.1")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: s.Pool(),
		})
	})
	p := s.terminating(t, "--servers", address, "--tls-client-ca", s.ca, "--server-tls", "on", "--server-ca", s.ca, "--server-cert", cert, "--server-key", key)
	ask := func(config *tls.Config) error {
		c, err := tls.Dial("tcp", p.address, config)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprint(c, "hello")
		_, err = io.ReadFull(c, make([]byte, 5))
		return err
	}
	client := s.Client("localhost")
	if err := ask(client); err == nil || !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("without a certificate: %v", err)
	}
	client.Certificates = []tls.Certificate{mine}
	if err := ask(client); err != nil {
		t.Errorf("%v: %s", err, p.said())
	}
}

func TestTLSThatMakesNoSenseIsRefused(t *testing.T) {
	s := newSite(t)
	servers := []string{"--servers", "127.0.0.1:1"}
	for want, args := range map[string][]string{
		"1 certificates and 0 keys":           {"--tls-cert", s.cert},
		"only by a server that has one":       {"--tls-client-ca", s.ca},
		"there is no way to speak TLS":        {"--server-tls", "maybe"},
		"add --server-tls on":                 {"--server-name", "a.test"},
		"give --server-cert and --server-key": {"--server-tls", "on", "--server-cert", s.cert},
		"TLS with servers: the authorities":   {"--server-tls", "on", "--server-ca", s.dir + "/none"},
		"give --server-name":                  {"--server-tls", "on", "--servers", "unix:/run/a.sock"},
		"give its address to --mirror":        {"--mirror-share", "0.5"},
		"at most 1, not 2":                    {"--mirror", "127.0.0.1:2", "--mirror-share", "2"},
		"neither host:port nor unix:path":     {"--mirror", "nowhere"},
		"means nothing in the mode redis":     {"--mode", "redis", "--mirror", "127.0.0.1:2"},
		"the time for a handshake must be":    {"--handshake-timeout", "-1s"},
	} {
		all := append(append([]string{"proxy", "--listen", "127.0.0.1:0", "--mode", "tunnel"}, servers...), args...)
		if _, msg, status := leat(t, all...); status != exitUsage || !strings.Contains(msg, want) {
			t.Errorf("%q: status %d, %s", args, status, msg)
		}
	}
}
