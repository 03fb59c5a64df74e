package main

import (
	"encoding/json"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/streams"
	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/pipeline"
)

// startMux starts a server of the mux and waits until it listens.
func startMux(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary, append([]string{"mux"}, args...)...)}
	p.cmd.Stdout = &p.out
	p.listen()
	return p
}

func muxLoad(t *testing.T, args ...string) (res streams.Result, stderr string, status int) {
	t.Helper()
	out, stderr, status := leat(t, append([]string{"mux", "load", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &res); err != nil {
		t.Errorf("%v: %q %s", err, out, stderr)
	}
	return res, stderr, status
}

// done is what a server of the mux has done, by the names of its gauges.
type done map[string]int64

// stopMux ends a process and reads what it has done.
func stopMux(t *testing.T, p *process) done {
	t.Helper()
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Fatalf("exit status %d: %s", s, p.said())
	}
	var stats pipeline.Stats
	if err := json.Unmarshal(p.out.Bytes(), &stats); err != nil {
		t.Fatalf("%v: %q", err, p.out.String())
	}
	d := done{}
	for _, g := range stats[len(stats)-1].Gauges {
		d[g.Name], _ = strconv.ParseInt(g.Value, 10, 64)
	}
	return d
}

func TestStreamsAreAnsweredAndVerified(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ serve, load []string }{
		"echo":     {[]string{"--app", "echo"}, nil},
		"upper":    {[]string{"--app", "upper"}, []string{"--reply", "upper", "--conns", "3"}},
		"features": {[]string{"--checksums", "--compress", "s2"}, []string{"--checksums", "--compress", "s2"}},
		"large":    {nil, []string{"--message", "262144", "--streams", "4", "--requests", "200"}},
		"unix":     {[]string{"--listen", "unix:" + filepath.Join(dir, "mux.sock")}, nil},
		"rate":     {nil, []string{"--rate", "5000"}},
		"calls":    {[]string{"--app", "upper"}, []string{"--request", "call", "--reply", "upper"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := startMux(t, append([]string{"serve", "--json", "--listen", "127.0.0.1:0"}, c.serve...)...)
			address := p.address
			if strings.HasPrefix(address, "/") {
				address = "unix:" + address
			}
			res, msg, status := muxLoad(t, append([]string{"--address", address, "--requests", "2000", "--streams", "50", "--expect", "success=100%,errors=0"}, c.load...)...)
			if status != exitOK || res.OK != res.Requests || res.OK < 200 || res.Latency.Max == 0 {
				t.Fatalf("status %d, %s: %+v", status, msg, res)
			}
			if (res.Late != nil) != (name == "rate") {
				t.Errorf("the loop is %s: %+v", res.Loop, res.Late)
			}
			streams := int64(res.Streams)
			if res.Request == "call" {
				streams = res.Requests
			}
			d := stopMux(t, p)
			if all := res.OK * int64(res.Message); d["bytes in"] != all || d["bytes out"] != all || d["streams"] != streams || d["streams failed"] != 0 {
				t.Errorf("%d bytes came back, and the server has done %v", all, d)
			}
		})
	}
}

// The same protocol as a codec of leat tcp: on the lane that reads, and on others.
func TestTheMuxIsACodecOfTheTCPServer(t *testing.T) {
	dir := t.TempDir()
	ca := certtest.New(t)
	cert, key := certtest.WriteFiles(t, dir, "server", ca.Issue("127.0.0.1"))
	authority := filepath.Join(dir, "ca.pem")
	ca.WriteFile(authority)
	for name, c := range map[string]struct{ serve, load []string }{
		"fused":      {nil, nil},
		"workers":    {[]string{"--workers", "3", "--queue", "ring"}, []string{"--conns", "3"}},
		"goroutines": {[]string{"--source", "goroutine"}, []string{"--request", "call"}},
		"large":      {[]string{"--workers", "2"}, []string{"--request", "call", "--message", "262144", "--streams", "4", "--requests", "100"}},
		"tls":        {[]string{"--tls-cert", cert, "--tls-key", key}, []string{"--server-tls", "on", "--server-ca", authority}},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, "tcp", append([]string{"--codec", "mux", "--app", "upper"}, c.serve...)...)
			_, msg, status := muxLoad(t, append([]string{"--address", p.address, "--requests", "2000", "--streams", "50", "--reply", "upper", "--expect", "success=100%,errors=0"}, c.load...)...)
			if status != exitOK {
				t.Errorf("status %d: %s", status, msg)
			}
			if s := p.end(syscall.SIGTERM); s != exitOK {
				t.Errorf("exit status %d: %s", s, p.said())
			}
		})
	}
	if out, msg, status := leat(t, "tcp", "--codec", "mux", "--workers", "2", "--by", "shortest"); status != exitUsage || !strings.Contains(msg, "keeps its order") {
		t.Errorf("status %d: %s%s", status, out, msg)
	}
}

// A server of that kind under load that is told to end answers everything that was sent.
func TestAnAssemblyOfTheMuxAnswersWhatItHasAccepted(t *testing.T) {
	for _, args := range [][]string{nil, {"--workers", "2"}} {
		for range (cycles(t) + 3) / 4 {
			p := start(t, "tcp", append([]string{"--codec", "mux", "--metrics-every", "20ms"}, args...)...)
			var res streams.Result
			var msg string
			var loaded sync.WaitGroup
			loaded.Go(func() { res, msg, _ = muxLoad(t, "--address", p.address, "--streams", "100", "--duration", "1m") })
			p.works()
			time.Sleep(200 * time.Millisecond)
			if s := p.end(syscall.SIGTERM); s != exitOK {
				t.Errorf("exit status %d: %s", s, p.said())
			}
			loaded.Wait()
			if res.OK == 0 || res.OK != res.Requests || res.ErrorCount > 0 {
				t.Errorf("%s: the load has had %+v", msg, res)
			}
		}
	}
}

func TestAWrongReplyIsNotSuccess(t *testing.T) {
	p := startMux(t, "serve", "--listen", "127.0.0.1:0", "--app", "upper")
	res, msg, status := muxLoad(t, "--address", p.address, "--requests", "100", "--streams", "4", "--expect", "success=100%")
	if status != exitExpect || res.Mismatched == 0 || res.OK != 0 || !strings.Contains(msg, "wanted success=100%") {
		t.Errorf("status %d, %s: %+v", status, msg, res)
	}
	p.end(syscall.SIGTERM)
}

func TestTheMuxIsServedOverTLS(t *testing.T) {
	dir := t.TempDir()
	ca := certtest.New(t)
	cert, key := certtest.WriteFiles(t, dir, "server", ca.Issue("127.0.0.1"))
	authority := filepath.Join(dir, "ca.pem")
	ca.WriteFile(authority)
	p := startMux(t, "serve", "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	if _, msg, status := muxLoad(t, "--address", p.address, "--server-tls", "on", "--server-ca", authority, "--requests", "500", "--expect", "success=100%"); status != exitOK {
		t.Errorf("status %d: %s", status, msg)
	}
	p.end(syscall.SIGTERM)
}

// A server under load that is told to end answers everything that it has taken, and the load knows of nothing that is missing.
func TestAMuxServerAnswersWhatItHasAccepted(t *testing.T) {
	for range (cycles(t) + 1) / 2 {
		p := startMux(t, "serve", "--json", "--listen", "127.0.0.1:0", "--metrics-every", "20ms")
		var res streams.Result
		var msg string
		var loaded sync.WaitGroup
		loaded.Go(func() { res, msg, _ = muxLoad(t, "--address", p.address, "--streams", "100", "--duration", "1m") })
		p.works()
		time.Sleep(200 * time.Millisecond)
		d := stopMux(t, p)
		loaded.Wait()
		all := res.OK * int64(res.Message)
		if res.OK == 0 || res.OK != res.Requests || res.ErrorCount > 0 || d["bytes in"] != all || d["bytes out"] != all || d["streams failed"] > 0 {
			t.Errorf("%s: the load has had %+v, and the server has done %v", msg, res, d)
		}
	}
}

func TestAStreamThatDoesNotEndIsSaidToBeUndone(t *testing.T) {
	far := startMux(t, "serve", "--listen", "127.0.0.1:0", "--drain", "200ms")
	near := startMux(t, "gateway", "--listen", "127.0.0.1:0", "--via", far.address, "--drain", "200ms")
	c, err := net.Dial("tcp", near.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := roundTrip(c, "hello"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*process{near, far} {
		// The near one has reset its stream, so that the far one has none.
		want := exitNotDone
		if p == far {
			want = exitOK
		}
		if s := p.end(syscall.SIGTERM); s != want {
			t.Errorf("exit status %d and not %d: %s", s, want, p.said())
		}
	}
}

func TestTheMuxIsConfigured(t *testing.T) {
	out, msg, status := leat(t, "mux", "serve", "--check", "--app", "upper")
	if status != exitOK || !strings.Contains(out, "mux-serve.app") || !strings.Contains(out, "upper") {
		t.Errorf("status %d: %s%s", status, out, msg)
	}
	out, msg, status = leat(t, "mux", "gateway", "--check", "--via", "127.0.0.1:1")
	if status != exitOK || !strings.Contains(out, "127.0.0.1:7001") {
		t.Errorf("status %d: %s%s", status, out, msg)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "--app", "morse"}, `no app "morse"; choose echo, upper, discard`},
		{[]string{"serve", "--listen", "nowhere", "--check"}, `"nowhere" is not host:port`},
		{[]string{"serve", "--compress", "rot13"}, `no compression "rot13"; choose off, s2, zstd`},
		{[]string{"serve", "--drain", "0s"}, "the drain time must be between"},
		{[]string{"serve", "--max-conns", "0"}, "connections must be between"},
		{[]string{"serve", "--max-streams", "-1"}, "streams of one connection must be between"},
		{[]string{"serve", "--tls-client-ca", "x"}, "only by a server that has one"},
		{[]string{"serve", "extra"}, "takes no arguments"},
		{[]string{"serve", "--liste", "x"}, "there is no --liste; the nearest is --listen"},
		{[]string{"load"}, "say when to end, with --requests or --duration"},
		{[]string{"load", "--requests", "1", "--message", "0"}, "a message has between 1 and"},
		{[]string{"load", "--requests", "1", "--reply", "lower"}, `no reply "lower"; choose echo, upper`},
		{[]string{"load", "--requests", "1", "--expect", "speed>1"}, `metric "speed"`},
		{[]string{"load", "--requests", "1", "--server-ca", "x"}, "add --server-tls on"},
		{[]string{"load", "--requests", "1", "--address", "unix:x", "--server-tls", "on"}, "give --server-name"},
		{[]string{"gateway"}, "give either the far gateway with --via"},
		{[]string{"gateway", "--to", "a:1", "--via", "b:1"}, "give either the far gateway with --via"},
		{[]string{"gateway", "--to", "a"}, "neither host:port nor unix:path"},
		{[]string{"gateway", "--to", "a:1", "--send-proxy", "v1"}, "are for the near end"},
		{[]string{"gateway", "--via", "a:1", "--allow-authority", "b:1"}, "is for the far end"},
		{[]string{"gateway", "--via", "a:1", "--send-proxy", "v3"}, `"v3"; choose`},
		{[]string{"gateway", "--via", "a:1", "--mux-conns", "0"}, "connections to the far gateway must be between"},
	} {
		_, msg, status := leat(t, append([]string{"mux"}, c.args...)...)
		if status != exitUsage || !strings.Contains(msg, c.want) {
			t.Errorf("%v: status %d: %s", c.args, status, msg)
		}
	}
}

func TestTheMuxIsDrawn(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"serve --app upper", "upper"}, {"gateway --via a:1", "carry"}, {"gateway --to a:1", "connect"},
	} {
		out, msg, status := leat(t, append([]string{"graph", "mux"}, strings.Fields(c.args)...)...)
		if status != exitOK || !strings.Contains(out, "allow") || !strings.Contains(out, c.want) {
			t.Errorf("%s: status %d: %s%s", c.args, status, out, msg)
		}
	}
}
