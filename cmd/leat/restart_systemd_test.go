//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A manager starts a service as systemd does, with sockets that it has opened, and is told how things stand.
type manager struct {
	t      *testing.T
	socket *net.UnixConn

	mu   sync.Mutex
	told []string // guarded by mu: one string for each datagram
}

func newManager(t *testing.T) *manager {
	t.Helper()
	path := shortPath(t)
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m := &manager{t: t, socket: c}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			m.mu.Lock()
			m.told = append(m.told, string(b[:n]))
			m.mu.Unlock()
		}
	}()
	return m
}

// employ has a process be started with listening sockets and their names.
func (m *manager) employ(cmd *exec.Cmd, names string, sockets ...net.Listener) *exec.Cmd {
	m.t.Helper()
	c := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$@"`, "sh"}, cmd.Args...)...)
	c.Env = append(os.Environ(), "NOTIFY_SOCKET="+m.socket.LocalAddr().String(), "WATCHDOG_USEC=40000")
	for _, ln := range sockets {
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			m.t.Fatal(err)
		}
		m.t.Cleanup(func() { f.Close() })
		c.ExtraFiles = append(c.ExtraFiles, f)
	}
	if len(sockets) > 0 {
		c.Env = append(c.Env, fmt.Sprint("LISTEN_FDS=", len(sockets)), "LISTEN_FDNAMES="+names)
	}
	return c
}

// count is how often something was told that begins so.
func (m *manager) count(state string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, told := range m.told {
		if strings.HasPrefix(told, state) {
			n++
		}
	}
	return n
}

func listening(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

func TestASocketOfSystemdIsServedAndSystemdIsTold(t *testing.T) {
	m, web, other := newManager(t), listening(t), listening(t)
	s := prepared(t, "tcp", "--app", "upper", "--listen", "systemd:web")
	s.cmd = m.employ(s.cmd, "web", web)
	s.begin()
	told := func(state string, times int) {
		t.Helper()
		s.until(fmt.Sprintf("%s is told %d times", state, times), func() bool { return m.count(state) >= times })
	}
	told("READY=1", 1)
	if s.address != web.Addr().String() {
		t.Errorf("it listens on %s, not on %s", s.address, web.Addr())
	}
	s.served()
	told("WATCHDOG=1", 2)
	c := gather(t, s.address, inCapitals)
	for range 3 {
		s.restart()
		told(fmt.Sprint("MAINPID=", s.pid()), 1)
		told("WATCHDOG=1", m.count("WATCHDOG=1")+2)
	}
	c.leave()
	if n := m.count("STOPPING=1"); n != 0 {
		t.Errorf("it is said to stop %d times, and goes on", n)
	}
	s.stop()
	told("STOPPING=1", 1)
	told("READY=1", 4)
	nc, err := net.Dial("tcp", s.address) // for whoever is started next
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()

	for _, w := range []struct {
		listen, names string
		sockets       []net.Listener
		want          string
	}{
		{"systemd", "", nil, "it has passed none: start the service through a .socket unit"},
		{"systemd:web", "admin", []net.Listener{web}, "names no socket that systemd has passed: they are admin"},
		{"systemd", "web:admin", []net.Listener{web, other}, "fits 2 sockets that systemd has passed (web, admin)"},
		{"systemd:web", "web:admin", []net.Listener{web, other}, "nothing here serves (admin)"},
		{"127.0.0.1:0", "web", []net.Listener{web}, "say --listen systemd or --listen systemd:NAME"},
		{"systemd:", "", nil, "has no name behind the colon"},
	} {
		c := m.employ(exec.Command(binary, "tcp", "--listen", w.listen), w.names, w.sockets...)
		out, err := c.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte(w.want)) {
			t.Errorf("%s of %s: %v, %q is missing in %s", w.listen, w.names, err, w.want, out)
		}
	}
}

func TestSystemdIsToldOfAReload(t *testing.T) {
	m := newManager(t)
	s := prepared(t, "proxy", "--mode", "frame", "--servers", "127.0.0.1:1", "--check-every", "0")
	s.cmd = m.employ(s.cmd, "")
	s.begin()
	s.until("it is ready", func() bool { return m.count("READY=1") == 1 })
	s.signal(syscall.SIGHUP)
	s.until("it has reloaded", func() bool { return m.count("READY=1") >= 2 })
	m.mu.Lock()
	states := slices.DeleteFunc(slices.Clone(m.told), func(told string) bool { return told == "WATCHDOG=1" })
	m.mu.Unlock()
	if len(states) != 3 || !strings.HasPrefix(states[1], "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("%q was told", states)
	}
	s.stop()
}

// A server whose loop hangs does not say that all is well.
func TestAServerThatHangsDoesNotFeedTheWatchdog(t *testing.T) {
	m := newManager(t)
	s := prepared(t, "tcp", "--app", "upper", "--delay", "3s", "--loops", "1")
	s.cmd = m.employ(s.cmd, "")
	s.begin()
	nc, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	fmt.Fprintln(nc, "hang")
	s.says("a loop has not turned", 2)
	before := m.count("WATCHDOG=1")
	s.says("a loop has not turned", 6)
	if n := m.count("WATCHDOG=1"); n > before+1 {
		t.Errorf("it has said %d times more that all is well", n-before)
	}
	s.until("it goes on", func() bool { return m.count("WATCHDOG=1") > before+1 })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	s.signal(syscall.SIGTERM)
	s.says(`"stopped"`, 1)
}

func TestAForgedReadyDescriptorIsRefused(t *testing.T) {
	c := exec.Command(binary, "tcp", "--listen", "127.0.0.1:0")
	c.Env = append(os.Environ(), "LEAT_READY_FD=soon")
	out, _ := c.CombinedOutput()
	if c.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), `LEAT_READY_FD is "soon"`) {
		t.Errorf("%v: %s", c.ProcessState, out)
	}
}
