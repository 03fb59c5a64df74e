package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/workload"
	"github.com/leat-io/leat/internal/redistest"
)

// redisServer starts a redis-server for a proxy to stand before, and returns its address.
func redisServer(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this system has no reactor, without which a pipeline cannot use a pool")
	}
	return redistest.TCP(t).Address
}

// ask sends an inline command and returns the first line of the answer.
func ask(t *testing.T, address, command string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(c, "%s\r\n", command)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func TestACheckOfAProxySaysTheLineOfEachError(t *testing.T) {
	path := configFileOf(t, `proxy:
  hsah: md5
  databases: many
  read-from: moon
  servers:
    - {name: a, address: 127.0.0.1:1, weight: -1}
    - a=127.0.0.1:2
`)
	_, msg, status := leat(t, "proxy", "--config", path, "--check")
	for _, want := range []string{
		"leat.yaml:2: there is no proxy.hsah; the nearest is proxy.hash", `leat.yaml:3: proxy.databases is "many"`, `leat.yaml:6: proxy.servers: the weight "-1"`,
		`leat.yaml:7: proxy.servers: two servers have the name "a"`,
	} {
		if status != exitUsage || !strings.Contains(msg, want) {
			t.Errorf("status %d, %q is not in\n%s", status, want, msg)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"", "there are no servers"}, {"--servers a", "wanted servers, such as"}, {"--servers a:1 --read-from moon", `no place to read from "moon"; choose primary`},
		{"--servers a:1 --hash x", `no hash "x"`}, {"--servers a:1 --distribution x", `no distribution "x"`}, {"--servers a:1 --hash-tag x", "a hash tag is two characters"},
		{"--servers a:1 --channels b", `no server "b" to have the channels`}, {"--servers a:1 --read-from nearest", "must know its zone"}, {"--servers a:1 --pool x", `no way to use connections "x"`},
		{"--servers a:1 --max-open 0", "open connections must be"}, {"--servers a:1 --depth 0", "in flight on a connection"}, {"--server-password x", "may be seen here by others"},
	} {
		if _, msg, status := leat(t, append([]string{"proxy", "--check"}, strings.Fields(c.args)...)...); status != exitUsage || !strings.Contains(msg, c.want) {
			t.Errorf("%s: status %d, %q is not in\n%s", c.args, status, c.want, msg)
		}
	}
	out, msg, status := leat(t, "proxy", "--check", "--servers", "a=127.0.0.1:1*2+127.0.0.1:2,b=127.0.0.1:3")
	if status != exitOK || !strings.Contains(out, "a=127.0.0.1:1*2+127.0.0.1:2,b=127.0.0.1:3  flag --servers") {
		t.Errorf("status %d: %s%s", status, out, msg)
	}
}

// hangup has a proxy read its file again, and waits until it has said so.
func (p *process) hangup(t *testing.T, path, text, want string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	before := strings.Count(p.said(), want)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for range 400 {
		if strings.Count(p.said(), want) > before {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%q was not said: %s", want, p.said())
}

func TestAProxyReadsItsFileAgainWithoutDroppingARequest(t *testing.T) {
	a, b, c := redisServer(t), redisServer(t), redisServer(t)
	two := fmt.Sprintf("proxy:\n  servers: [a=%s, b=%s]\n", a, b)
	three := fmt.Sprintf("proxy:\n  servers: [a=%s, b=%s, c=%s]\n", a, b, c)
	path := configFileOf(t, two)
	p := start(t, "proxy", "--config", path)
	done := make(chan load.Result, 1)
	go func() {
		res, err := load.Run(t.Context(), load.Config{
			Address: p.address, Protocol: load.RESP, Request: workload.SET, Keys: 1000, Conns: 16, Depth: 8, Duration: 8 * time.Second,
		})
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	time.Sleep(200 * time.Millisecond)
	const again = `"the configuration was read again"`
	p.hangup(t, path, three, again)
	p.hangup(t, path, two, again)
	p.hangup(t, path, "proxy:\n  servers: [a=nowhere]\n", `leat.yaml:2: proxy.servers: the address`)
	p.hangup(t, path, three+"  databases: 2\n  depth: 7\n", `"settings":"depth"`)
	if res := <-done; res.OK == 0 || res.Mismatched > 0 || len(res.Errors) > 0 || res.Unanswered > 0 {
		t.Errorf("%d right, %d wrong, %d unanswered: %+v", res.OK, res.Mismatched, res.Unanswered, res.Errors)
	}
	if got := ask(t, p.address, "SELECT 2"); got != "-ERR DB index is out of range" {
		t.Errorf("got %q", got)
	}
	if got := ask(t, p.address, "DBSIZE"); got == ":0" {
		t.Error("nothing was kept")
	}
	if n := ask(t, c, "DBSIZE"); n == ":0" {
		t.Error("the server that came got no keys")
	}
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("exit status %d: %s", status, p.said())
	}
}

func TestAProxySaysThatItsChannelsHaveMoved(t *testing.T) {
	a, b := redisServer(t), redisServer(t)
	servers := fmt.Sprintf("proxy:\n  servers: [a=%s, b=%s]\n", a, b)
	path := configFileOf(t, servers)
	p := start(t, "proxy", "--config", path)
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	const confirmed = "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n"
	fmt.Fprint(c, "SUBSCRIBE ch\r\n")
	if _, err := io.ReadFull(c, make([]byte, len(confirmed))); err != nil {
		t.Fatal(err)
	}
	p.hangup(t, path, servers+"  channels: b\n", `"the channels have moved to another server: subscribers were disconnected","clients":1`)
	if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
		t.Errorf("got %q, %v instead of the end", b, err)
	}
	if got := ask(t, b, "PUBSUB NUMSUB ch"); got != "*2" && got != "*2 $2 ch :0" {
		t.Errorf("got %q", got)
	}
}

func TestAProxyAnswersWhatItHasAccepted(t *testing.T) {
	for range (cycles(t) + 4) / 5 {
		drained(t, start(t, "proxy", "--servers", redisServer(t)+","+redisServer(t), "--json"), counting)
	}
}

// A server that dies is noticed, and costs its own keys only; of a cache others have them meanwhile.
func TestAProxyNoticesAServerThatDies(t *testing.T) {
	alive := redisServer(t)
	for _, eject := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0") // it accepts and says nothing
		if err != nil {
			t.Fatal(err)
		}
		p := start(t, "proxy", "--servers", "a="+alive+",dead="+l.Addr().String(), "--check-every", "50ms", "--check-timeout", "500ms", "--timeout", "300ms", fmt.Sprintf("--eject=%t", eject))
		for i := 0; i < 400 && !strings.Contains(p.said(), `"server is down","server":"dead"`); i++ {
			time.Sleep(50 * time.Millisecond)
		}
		l.Close()
		if !strings.Contains(p.said(), "server is down") {
			t.Fatalf("the log does not say it: %s", p.said())
		}
		time.Sleep(200 * time.Millisecond) // many times what it takes until others have the keys
		bad, good := 0, 0
		for i := range 40 {
			switch got := ask(t, p.address, fmt.Sprintf("SET k%d v", i)); {
			case got == "+OK":
				good++
			case strings.HasPrefix(got, "-ERR proxy: "):
				bad++
			default:
				t.Errorf("got %q", got)
			}
		}
		if good == 0 || eject != (bad == 0) {
			t.Errorf("eject %t: %d were served and %d were not", eject, good, bad)
		}
		p.end(syscall.SIGTERM)
	}
}
