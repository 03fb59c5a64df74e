//go:build unix

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Servers that are replaced under load, and how they are spoken to.
var replaceable = []struct {
	name string
	args func(t *testing.T) []string
	do   exchange
}{
	{"tcp", func(*testing.T) []string { return []string{"tcp", "--app", "upper"} }, inCapitals},
	{"tcp with workers on io_uring", func(*testing.T) []string {
		return []string{"tcp", "--app", "upper", "--source", "uring", "--workers", "2"}
	}, inCapitals},
	{"tcp on goroutines and a unix socket", func(t *testing.T) []string {
		return []string{"tcp", "--app", "upper", "--source", "goroutine", "--listen", "unix:" + shortPath(t)}
	}, inCapitals},
	{"proxy of frames", func(t *testing.T) []string {
		server, stop := frameServer(t)
		t.Cleanup(func() { stop() })
		return []string{"proxy", "--mode", "frame", "--servers", server}
	}, inFrames},
	{"proxy of connections", func(t *testing.T) []string {
		server, stop := frameServer(t)
		t.Cleanup(func() { stop() })
		return []string{"proxy", "--mode", "tunnel", "--servers", server}
	}, inFrames},
	{"proxy of redis", func(t *testing.T) []string { return []string{"proxy", "--servers", redisServer(t)} }, inRedis},
}

// shortPath is where a unix socket can be, whose path has at most a hundred bytes.
func shortPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "leat")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "socket")
}

// No attempt to connect fails, no connection breaks, and every request is answered while one process after the other takes over.
// Several may still have connections that live on.
func TestServersAreReplacedUnderLoad(t *testing.T) {
	for _, r := range replaceable {
		t.Run(r.name, func(t *testing.T) {
			s := launch(t, append(r.args(t), "--drain", "20s")...)
			c := gather(t, s.address, r.do)
			var took []time.Duration
			for range cycles(t) {
				took = append(took, s.restart())
			}
			c.leave()
			s.stop()
			slices.Sort(took)
			t.Logf("%d restarts of %v (median; %v at most), %d connections, %d requests, %d failures",
				len(took), took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), c.attempts.Load(), c.requests.Load(), c.failures.Load())
			if path := s.address; strings.HasPrefix(path, "/") {
				if _, err := os.Lstat(path); err == nil {
					t.Errorf("%s is left behind", path)
				}
			}
		})
	}
}

func TestTheConfigurationIsReadAgainUnderLoad(t *testing.T) {
	frames := func() string {
		address, stop := frameServer(t)
		t.Cleanup(func() { stop() })
		return address
	}
	a, b, redis := frames(), frames(), redisServer(t)
	for _, r := range []struct {
		name     string
		one, two string
		do       exchange
	}{
		{
			"proxy of redis", "servers: [a=" + redis + "]", "servers: [a=" + redis + ", b=" + redisServer(t) + "]", inRedis,
		},
		{
			"proxy of connections", "mode: tunnel\n  servers: [a=" + a + "]\n  names: a.example.org=" + a, "mode: tunnel\n  servers: [b=" + b + "]\n  deny: 10.0.0.0/8\n  names: b.example.org=" + b, inFrames,
		},
	} {
		t.Run(r.name, func(t *testing.T) {
			file := func(settings string) string { return "proxy:\n  " + settings + "\n" }
			path := configFileOf(t, file(r.one))
			s := launch(t, "proxy", "--config", path)
			c := gather(t, s.address, r.do)
			for n := range cycles(t) {
				if err := os.WriteFile(path, []byte(file([]string{r.two, r.one}[n%2])), 0o600); err != nil {
					t.Fatal(err)
				}
				s.signal(syscall.SIGHUP)
				s.says(`"the configuration was read again"`, n+1)
			}
			c.leave()
			s.stop()
			t.Logf("%d connections, %d requests, %d failures", c.attempts.Load(), c.requests.Load(), c.failures.Load())
		})
	}
}

// served asks a service one question.
func (s *service) served() {
	s.t.Helper()
	if err := (&crowd{}).visit(s.address, inCapitals, 1, func() time.Duration { return 0 }); err != nil {
		s.t.Error(err)
	}
}

func TestABrokenProgramLeavesTheOldProcessServing(t *testing.T) {
	s := launch(t, "tcp", "--app", "upper", "--upgrade-timeout", "2s")
	c := gather(t, s.address, inCapitals)
	for _, broken := range []struct{ text, want string }{
		{"#!/bin/sh\nexit 7\n", "it ended before it was ready: exit status 7"},
		{"#!/bin/sh\nexec sleep 100\n", "it was not ready after 2s, and was killed"},
		{"#!/bin/sh\nexec 4>&-\nexec sleep 100\n", "it ended before it was ready: signal: killed"},
		{"no program", "the new process does not start"},
	} {
		s.installText([]byte(broken.text))
		s.signal(syscall.SIGUSR2)
		s.says(broken.want, 1)
		s.served()
	}
	s.install(binary)
	s.restart()
	c.leave()
	s.signal(syscall.SIGTERM)
	s.says(`"stopped"`, 2)
}

func TestAServerThatCannotWriteItsPIDEnds(t *testing.T) {
	_, msg, status := leat(t, "tcp", "--listen", "127.0.0.1:0", "--pid-file", filepath.Join(t.TempDir(), "nowhere", "pid"))
	if status != exitFailed || !strings.Contains(msg, "the file of the pid cannot be written") {
		t.Errorf("status %d: %s", status, msg)
	}
	_, msg, status = leat(t, "tcp", "--upgrade-timeout", "0", "--check")
	if status != exitUsage || !strings.Contains(msg, "must be above 0") {
		t.Errorf("status %d: %s", status, msg)
	}
}

func TestASignalToEndDuringAnUpgradeEndsBoth(t *testing.T) {
	s := launch(t, "tcp", "--app", "upper")
	s.installText([]byte("#!/bin/sh\ntrap '' TERM\necho hangs\nexec sleep 100\n"))
	s.signal(syscall.SIGUSR2)
	s.says("hangs", 1)
	s.signal(syscall.SIGUSR2)
	s.says("no upgrade: one is under way", 1)
	s.served()
	_, rest, _ := strings.Cut(s.said(), `"an upgrade begins"`)
	_, rest, _ = strings.Cut(rest, `"pid":`)
	next := 0
	fmt.Sscan(rest, &next)
	s.signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
	s.until("the new process has ended too", func() bool { return ended(next) })
}

// ended says whether a process is no more, also if nobody has asked for its status.
func ended(pid int) bool {
	if syscall.Kill(pid, 0) == syscall.ESRCH {
		return true
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

// A connection that is open when its process is replaced goes on there for the time of the drain, and then ends in good order.
func TestAConnectionLivesOnForTheDrain(t *testing.T) {
	s := launch(t, "tcp", "--app", "upper", "--drain", "5s")
	nc, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(nc)
	old := s.pid()
	for n := range 3 { // generations
		s.restart()
		if err := inCapitals(nc, r, n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			if err := syscall.Kill(old, syscall.SIGUSR2); err != nil {
				t.Fatal(err)
			}
			s.says("another process has taken over already", 1)
		}
	}
	if line, err := r.ReadString('\n'); err == nil || err.Error() != "EOF" {
		t.Errorf("it ends with %q, %v", line, err)
	}
	s.served()
	s.signal(syscall.SIGTERM)
	s.says(`"stopped"`, 4)
}

func TestANewProcessHasTheListeningSocketAndNoOther(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system does not say which descriptors a process has")
	}
	s := launch(t, "tcp", "--app", "upper", "--drain", "5s")
	nc, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if err := inCapitals(nc, bufio.NewReader(nc), 0); err != nil {
		t.Fatal(err)
	}
	before := openSockets(t, s.pid())
	s.restart()
	var shared []string
	for _, name := range openSockets(t, s.pid()) {
		if slices.Contains(before, name) {
			shared = append(shared, name)
		}
	}
	if len(before) < 2 || len(shared) != 1 {
		t.Errorf("of %v the new process has %v", before, shared)
	}
	nc.Close()
	s.stop()
}

func openSockets(t *testing.T, pid int) (names []string) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasPrefix(name, "socket:") {
			names = append(names, name)
		}
	}
	return names
}

// The new process reads the configuration anew, so it may listen elsewhere.
func TestANewProcessCanListenElsewhere(t *testing.T) {
	path := configFileOf(t, "tcp:\n  listen: 127.0.0.1:0\n  app: upper\n")
	s := prepared(t, "tcp", "--listen=", "--config", path)
	s.cmd.Args = slices.DeleteFunc(s.cmd.Args, func(a string) bool { return a == "--listen=" })
	s.begin()
	socket := shortPath(t)
	if err := os.WriteFile(path, []byte("tcp:\n  listen: unix:"+socket+"\n  app: upper\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.restart()
	if _, err := net.Dial("tcp", s.address); err == nil {
		t.Error("the old address is still listened to")
	}
	s.address = socket
	s.served()
	s.stop()
}

func TestAServerThatKeepsSomethingIsNotReplaced(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"tcp", "--app", "kv", "--journal", filepath.Join(t.TempDir(), "journal")}, "has one writer"},
		{[]string{"tcp", "--app", "kv"}, "the keys of the app kv are in this process alone"},
		{[]string{"udp", "--app", "echo"}, "sockets of datagrams are not handed over"},
	} {
		s := launch(t, c.args...)
		s.signal(syscall.SIGUSR2)
		s.says(c.want, 1)
		s.signal(syscall.SIGTERM)
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("%v: %v", c.args, err)
		}
	}
}
