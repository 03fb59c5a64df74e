package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/certtest"
)

// serveTLS starts leat tcp with a certificate, and returns it with the files of the certificate and of its authority.
func serveTLS(t *testing.T, args ...string) (p *process, a *certtest.Authority, dir, ca string) {
	t.Helper()
	a, dir = certtest.New(t), t.TempDir()
	ca = filepath.Join(dir, "ca.crt")
	a.WriteFile(ca)
	cert, key := certtest.WriteFiles(t, dir, "server", a.Issue("localhost", "127.0.0.1"))
	return serve(t, append([]string{"--tls-cert", cert, "--tls-key", key}, args...)...), a, dir, ca
}

func TestOpenSSLTalksToTheServer(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	p, _, _, ca := serveTLS(t, "--app", "upper")
	for version, sign := range map[string]string{"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		c := exec.CommandContext(ctx, path, "s_client", "-connect", p.address, "-CAfile", ca, "-verify_return_error", "-servername", "localhost", version)
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		says, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		c.Stderr = c.Stdout
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(in, "hello, world")
		var out bytes.Buffer
		for b := make([]byte, 4096); err == nil && !strings.Contains(out.String(), "HELLO, WORLD"); { // it leaves as soon as its input ends, answered or not
			var n int
			n, err = says.Read(b)
			out.Write(b[:n])
		}
		in.Close()
		io.Copy(&out, says)
		c.Wait()
		cancel()
		for _, want := range []string{"HELLO, WORLD", "Verify return code: 0 (ok)", sign} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is missing in %s", version, want, &out)
			}
		}
	}
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d: %s", status, p.said())
	}
}

func TestRedisCliTalksOverTLS(t *testing.T) {
	p, _, _, ca := serveTLS(t, "--app", "kv")
	if got := tool(t, p, "redis-cli", "--tls", "--cacert", ca, "set", "a", "1"); !strings.Contains(got, "OK") {
		t.Errorf("redis-cli says %q", got)
	}
}

// shown is the common name of the certificate that the server shows.
func shown(t *testing.T, p *process, c *tls.Config) string {
	t.Helper()
	conn, err := tls.Dial("tcp", p.address, c)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestHangUpReadsTheCertificatesAgain(t *testing.T) {
	p, a, dir, _ := serveTLS(t)
	open, err := tls.Dial("tcp", p.address, a.Client("localhost"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	client := &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { return nil }}
	if name := shown(t, p, client); name != "localhost" {
		t.Fatal(name)
	}
	said := func(what string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !strings.Contains(p.said(), what); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%q is missing in %s", what, p.said())
			}
		}
	}
	key := filepath.Join(dir, "server.key")
	os.WriteFile(key, []byte("garbage"), 0o600)
	p.cmd.Process.Signal(syscall.SIGHUP)
	said("the new certificates are refused")
	if name := shown(t, p, client); name != "localhost" {
		t.Errorf("it shows %s", name)
	}
	certtest.WriteFiles(t, dir, "server", a.Issue("renewed", "localhost"))
	p.cmd.Process.Signal(syscall.SIGHUP)
	said("the certificates were read again")
	if name := shown(t, p, client); name != "renewed" {
		t.Errorf("it shows %s", name)
	}
	b := make([]byte, 6)
	fmt.Fprintln(open, "hello")
	if _, err := io.ReadFull(open, b); err != nil || string(b) != "hello\n" {
		t.Errorf("the connection that was open: %q, %v", b, err)
	}
}

func TestCertificatesThatCannotServeAreAnErrorAtTheStart(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	cert, key := certtest.WriteFiles(t, dir, "server", a.Issue("localhost"))
	for want, args := range map[string][]string{
		"1 certificates and 0 keys":        {"--tls-cert", cert},
		"no such file":                     {"--tls-cert", cert, "--tls-key", dir + "/none"},
		"no policy":                        {"--tls-cert", cert, "--tls-key", key, "--tls-policy", "old"},
		"the authorities":                  {"--tls-cert", cert, "--tls-key", key, "--tls-client-ca", dir + "/none"},
		"only by a server that has one":    {"--tls-client-ca", cert},
		"no file of their authorities":     {"--tls-cert", cert, "--tls-key", key, "--tls-client-auth", "required"},
		"handshakes must be between 1 and": {"--tls-cert", cert, "--tls-key", key, "--tls-handshakes", "0"},
	} {
		if _, msg, status := leat(t, append([]string{"tcp", "--listen", "127.0.0.1:0"}, args...)...); status != exitUsage || !strings.Contains(msg, want) {
			t.Errorf("%q: status %d, %s", args, status, msg)
		}
	}
}
