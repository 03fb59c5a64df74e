//go:build linux

package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
)

// named is a server that says its name on each connection and ends it.
func named(t *testing.T, name string) string {
	t.Helper()
	return answering(t, func(c net.Conn) { io.WriteString(c, name) })
}

// hear connects and returns all that is said.
func hear(t *testing.T, address string) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	b, err := io.ReadAll(c)
	return string(b), err
}

// hearEach connects until each of some servers has answered, and no other has.
func hearEach(t *testing.T, address string, names ...string) {
	t.Helper()
	heard := map[string]bool{}
	for range 20 * len(names) {
		name, err := hear(t, address)
		if err != nil {
			t.Fatal(err)
		}
		heard[name] = true
	}
	if len(heard) != len(names) {
		t.Errorf("heard %v, want %v", heard, names)
	}
	for _, n := range names {
		if !heard[n] {
			t.Errorf("%s was not heard", n)
		}
	}
}

func TestConnectionsAreBalancedAndLogged(t *testing.T) {
	a, b := named(t, "a"), named(t, "b")
	path := filepath.Join(t.TempDir(), "access")
	p := start(t, "proxy", "--mode", "tunnel", "--servers", "a="+a+",b="+b, "--access-log", path)
	hearEach(t, p.address, "a", "b")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.says("the configuration was read again")
	hearEach(t, p.address, "a", "b")
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Errorf("exit status %d: %s", s, p.said())
	}
	sum := 0
	for _, file := range []string{path, path + ".1"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if sum += len(lines); len(lines) < 20 {
			t.Errorf("%s has %d lines", file, len(lines))
		}
		for _, line := range lines {
			var e struct {
				Client, Backend, Address, End string
				In, Out                       int
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if !strings.HasPrefix(e.Client, "127.0.0.1:") || e.Address != map[string]string{"a": a, "b": b}[e.Backend] || e.In != 0 || e.Out != 1 || e.End != "" {
				t.Errorf("a line says %s", line)
			}
		}
	}
	if sum != 80 { // a tunnel may end after its client has seen it, and so behind the reload
		t.Errorf("%d lines of 80 connections", sum)
	}
}

// Who may connect, and where to, changes while the proxy runs; connections that are open stay.
func TestATunnelIsReconfigured(t *testing.T) {
	a, b := named(t, "a"), named(t, "b")
	echo, stop := frameServer(t)
	t.Cleanup(func() { stop() })
	path := configFileOf(t, "proxy:\n  mode: tunnel\n  servers: ["+echo+"]\n")
	p := start(t, "proxy", "--config", path)
	long, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer long.Close()
	long.SetDeadline(time.Now().Add(30 * time.Second))
	ask := func() {
		t.Helper()
		frame := append([]byte{0, 0, 0, 5}, "hello"...)
		long.Write(frame)
		got := make([]byte, len(frame))
		if _, err := io.ReadFull(long, got); err != nil || string(got) != string(frame) {
			t.Fatalf("%q, %v", got, err)
		}
	}
	ask()
	reload := func(settings, said string) {
		t.Helper()
		p.hangup(t, path, "proxy:\n  mode: tunnel\n"+settings, said)
	}
	reload("  servers: ["+a+"]\n", "the configuration was read again")
	hearEach(t, p.address, "a")
	ask()
	reload("  servers: ["+b+", nowhere]\n", "neither host:port nor unix:path")
	hearEach(t, p.address, "a")
	reload("  servers: ["+a+"]\n  deny: 127.0.0.1\n  idle: 5s\n", "some settings change only with a restart")
	if said, err := hear(t, p.address); err == nil && said != "" {
		t.Errorf("one who is denied hears %q", said)
	}
	ask()
	long.Close()
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Errorf("exit status %d: %s", s, p.said())
	}
	if out := p.out.String(); !strings.Contains(out, "closed: refused by a stage = 1\n") {
		t.Errorf("the refusal is not counted:\n%s", out)
	}
}

func TestServersAreFoundInAFile(t *testing.T) {
	a, b := named(t, "a"), named(t, "b")
	path := filepath.Join(t.TempDir(), "servers")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(a + "\n")
	p := start(t, "proxy", "--mode", "tunnel", "--discover", "file:"+path)
	hearEach(t, p.address, "a")
	write("# there are two now\n" + a + "\n" + b + "\n")
	for deadline := time.Now().Add(20 * time.Second); ; {
		if name, err := hear(t, p.address); err == nil && name == "b" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the second one was not found")
		}
		time.Sleep(10 * time.Millisecond)
	}
	hearEach(t, p.address, "a", "b")
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Errorf("exit status %d: %s", s, p.said())
	}
}

func TestATunnelWithoutServersSaysSo(t *testing.T) {
	for args, want := range map[string]string{
		"":                                                   "there are no servers",
		"--servers 127.0.0.1:1+127.0.0.1:2":                  "has replicas, which the mode tunnel does not know",
		"--servers 127.0.0.1:1 --pool none":                  "--pool means nothing in the mode tunnel",
		"--names a.example.org":                              "has no = between a name and its servers",
		"--names a..org=127.0.0.1:1":                         `the pattern "a..org" is no host name`,
		"--names a=127.0.0.1:1,A=127.0.0.1:2":                `the pattern "a" is there twice`,
		"--servers 127.0.0.1:1 --deny 10.0.0.1/8":            "is an address within a network",
		"--servers 127.0.0.1:1 --send-proxy v3":              `there is no version of the PROXY protocol "v3"`,
		"--servers 127.0.0.1:1 --discover dns:a:1":           "leave out --servers or --discover",
		"--discover mail:a":                                  "none of dns:, srv: and file: is what it begins with",
		"--servers 127.0.0.1:1 --access-log /nowhere/at/all": "no such file or directory",
		"--servers 127.0.0.1:1 --half-closed -1s":            "that half of a connection may be silent",
	} {
		all := append([]string{"proxy", "--mode", "tunnel", "--listen", "127.0.0.1:0"}, strings.Fields(args)...)
		if _, msg, status := leat(t, all...); status == exitOK || !strings.Contains(msg, want) {
			t.Errorf("%s: status %d: %s, want %q", args, status, msg, want)
		}
	}
}

func TestNamesAreWrittenAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"", "a.example.org=10.0.0.1:443", "a.example.org=10.0.0.1:443+10.0.0.2:443*2,*.example.org=x=10.0.0.3:443,*=10.0.0.4:443"} {
		var n assembly.Names
		if err := n.Set(text); err != nil || n.String() != text {
			t.Errorf("%q became %q, %v", text, n.String(), err)
		}
	}
}
