package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestLinesComeBackInCapitals(t *testing.T) {
	for _, args := range [][]string{
		{"--workers", "0"},
		{"--workers", "3", "--queue", "chan", "--by", "request"},
		{"--workers", "3", "--queue", "workiva", "--by", "connection"},
		{"--workers", "3", "--queue", "block", "--by", "connection"},
		{"--workers", "3", "--queue", "ring", "--by", "request"},
		{"--workers", "2", "--by", "shortest", "--queue-cap", "2"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			p := serve(t, append(args, "--codec", "line", "--app", "upper")...)
			nc, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			var sent, want strings.Builder
			for i := range 500 {
				fmt.Fprintf(&sent, "line %d\r\n", i)
				fmt.Fprintf(&want, "LINE %d\n", i)
			}
			if _, err := io.WriteString(nc, sent.String()); err != nil {
				t.Fatal(err)
			}
			nc.(*net.TCPConn).CloseWrite()
			if got, err := io.ReadAll(nc); err != nil || string(got) != want.String() {
				t.Fatalf("%d of %d bytes came back: %v", len(got), want.Len(), err)
			}
			if s := p.end(syscall.SIGTERM); s != exitOK {
				t.Fatalf("exit status %d: %s", s, p.said())
			}
			if !strings.Contains(p.out.String(), "decode") {
				t.Fatalf("it did not say what its nodes have counted: %q", p.out.String())
			}
		})
	}
}

func TestNetcatIsServed(t *testing.T) {
	nc, err := exec.LookPath("nc")
	if err != nil {
		t.Skip("there is no nc here; Debian has it in netcat-openbsd")
	}
	p := serve(t, "--app", "upper")
	host, port, _ := net.SplitHostPort(p.address)
	c := exec.Command(nc, "-N", host, port)
	c.Stdin = strings.NewReader("hello\nworld\n")
	out, err := c.Output()
	if err != nil || string(out) != "HELLO\nWORLD\n" {
		t.Fatalf("nc got %q: %v", out, err)
	}
	c = exec.Command(nc, "-N", host, port)
	c.Stdin = strings.NewReader("ok\n" + strings.Repeat("x", 70_000))
	if out, _ := c.Output(); string(out) != "OK\nerror: line over the limit of 65536 bytes\n" {
		t.Fatalf("nc got %q", out)
	}
	p.end(syscall.SIGTERM)
}

func TestEveryCodecCarriesTheLoad(t *testing.T) {
	for _, codec := range []string{"raw", "frame", "line"} {
		t.Run(codec, func(t *testing.T) {
			p := serve(t, "--codec", codec, "--workers", "2")
			out, msg, status := leat(t, "load", "--address", p.address, "--protocol", codec, "--conns", "20", "--depth", "8",
				"--requests", "20000", "--json", "--expect", "success=100%,requests=20000")
			if status != exitOK {
				t.Fatalf("status %d: %s%s", status, msg, out)
			}
			var res struct {
				OK int64 `json:"ok"`
			}
			if err := json.Unmarshal([]byte(out), &res); err != nil || res.OK != 20000 {
				t.Fatalf("%v: %s", err, out)
			}
			p.end(syscall.SIGTERM)
		})
	}
}

func TestEverySourceCarriesTheLoad(t *testing.T) {
	for source, engine := range map[string]string{
		"reactor": "engine = epoll, 3 loops", "goroutine": "engine = goroutine per connection", "uring": "3 loops",
	} {
		t.Run(source, func(t *testing.T) {
			p := serve(t, "--source", source, "--loops", "3")
			if out, msg, status := leat(t, "load", "--address", p.address, "--protocol", "line", "--conns", "20", "--depth", "8",
				"--requests", "20000", "--expect", "success=100%,requests=20000"); status != exitOK {
				t.Fatalf("status %d: %s%s", status, msg, out)
			}
			p.end(syscall.SIGTERM)
			if !strings.Contains(p.out.String(), engine) {
				t.Errorf("%q is missing in %s", engine, p.out.String())
			}
		})
	}
}

func TestAnExpectationThatIsNotMetSetsTheStatus(t *testing.T) {
	p := serve(t)
	_, msg, status := leat(t, "load", "--address", p.address, "--protocol", "line", "--requests", "100", "--expect", "rps>1000000000")
	if status != exitExpect || !strings.Contains(msg, "rps>1000000000") {
		t.Fatalf("status %d: %s", status, msg)
	}
	p.end(syscall.SIGTERM)
}

func TestMisuseIsAnsweredWithASentence(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"tcp", "--codec", "morse"}, exitUsage, `no codec "morse"; choose raw, frame, line`},
		{[]string{"tcp", "--source", "morse"}, exitUsage, `no source "morse"; choose reactor, goroutine, uring`},
		{[]string{"tcp", "--loops", "-1"}, exitUsage, "loops must be between 0 and 1024"},
		{[]string{"tcp", "--workers", "-1"}, exitUsage, "workers must be between 0 and 256"},
		{[]string{"tcp", "--workers", "many"}, exitUsage, "--help lists the flags"},
		{[]string{"tcp", "--listen", "nowhere"}, exitFailed, `"nowhere" is not host:port`},
		{[]string{"tcp", "--idle", "-1s"}, exitUsage, "negative"},
		{[]string{"tcp", "extra"}, exitUsage, `takes no arguments`},
		{[]string{"load", "--conns", "1"}, exitUsage, "--requests or --duration"},
		{[]string{"load", "--requests", "1", "--expect", "speed>1"}, exitUsage, "speed"},
		{[]string{"load", "--requests", "1", "--address", "127.0.0.1:1"}, exitFailed, "127.0.0.1:1"},
		{[]string{"graph", "--format", "oil"}, exitUsage, `no format "oil"`},
		{[]string{"fly"}, exitUsage, `unknown command "fly"`},
	} {
		if _, msg, status := leat(t, c.args...); status != c.status || !strings.Contains(msg, c.want) {
			t.Errorf("leat %v: status %d, said %q; wanted %d and %q", c.args, status, msg, c.status, c.want)
		}
	}
}

func TestTheGraphIsDrawnInEveryFormat(t *testing.T) {
	for format, want := range map[string]string{"text": "by request", "mermaid": "flowchart LR", "dot": "digraph"} {
		out, msg, status := leat(t, "graph", "--workers", "4", "--format", format)
		if status != exitOK || !strings.Contains(out, want) {
			t.Errorf("%s: status %d: %s%s", format, status, out, msg)
		}
	}
	out, _, _ := leat(t, "graph", "--workers", "4", "--json")
	var g struct {
		Nodes []struct{ Name, Kind string }
	}
	if err := json.Unmarshal([]byte(out), &g); err != nil || len(g.Nodes) != 4 {
		t.Errorf("%v: %s", err, out)
	}
}
