//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A service is a server that goes through several processes, each started by the one before.
type service struct {
	t       *testing.T
	cmd     *exec.Cmd // the first process
	program string    // a copy of the binary, which may be replaced
	log     string    // file to which all of them write
	pidFile string
	address string // on which they listen
	pids    []int
}

// launch starts a server that can be replaced, such as {"tcp", "--app", "upper"}, and waits until it is ready.
func launch(t *testing.T, args ...string) *service {
	t.Helper()
	s := prepared(t, args...)
	s.begin()
	return s
}

// prepared is a service that has not begun.
func prepared(t *testing.T, args ...string) *service {
	t.Helper()
	dir := t.TempDir()
	s := &service{t: t, program: filepath.Join(dir, "leat"), log: filepath.Join(dir, "log"), pidFile: filepath.Join(dir, "pid")}
	s.install(binary)
	if !strings.Contains(strings.Join(args, " "), "--listen") {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	s.cmd = exec.Command(s.program, append(args, "--pid-file", s.pidFile)...)
	return s
}

func (s *service) begin() {
	s.t.Helper()
	log, err := os.Create(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log // files, so that nobody waits until the last process has closed them
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.kill)
	s.until("it is ready", func() bool { return s.pid() != 0 })
	s.pids = []int{s.pid()}
	_, rest, _ := strings.Cut(s.said(), `"address":"`)
	s.address, _, _ = strings.Cut(rest, `"`)
}

// kill ends what a test that has failed may have left.
func (s *service) kill() {
	if pid := s.pid(); pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	if s.t.Failed() {
		s.t.Log(s.said())
	}
}

// install puts a program in the place of the one that runs.
func (s *service) install(from string) {
	s.t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		s.t.Fatal(err)
	}
	s.installText(b)
}

func (s *service) installText(b []byte) {
	s.t.Helper()
	next := s.program + ".new"
	if err := os.WriteFile(next, b, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(next, s.program); err != nil {
		s.t.Fatal(err)
	}
}

// pid is the process that serves, by its file, or 0.
func (s *service) pid() int {
	b, _ := os.ReadFile(s.pidFile)
	n, _ := strconv.Atoi(string(bytes.TrimSpace(b)))
	return n
}

func (s *service) said() string {
	b, _ := os.ReadFile(s.log)
	return string(b)
}

// says waits until a process has said something so many times.
func (s *service) says(want string, times int) {
	s.t.Helper()
	s.until(fmt.Sprintf("%q is said %d times", want, times), func() bool { return strings.Count(s.said(), want) >= times })
}

func (s *service) until(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (s *service) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.pid(), sig); err != nil {
		s.t.Fatal(err)
	}
}

// restart has the next process take over, and returns how long that took.
func (s *service) restart() time.Duration {
	s.t.Helper()
	old, began := s.pid(), time.Now()
	s.signal(syscall.SIGUSR2)
	s.until("another process serves", func() bool { return s.pid() != old })
	took := time.Since(began)
	s.pids = append(s.pids, s.pid())
	s.says(`"another process has taken over`, len(s.pids)-1)
	return took
}

// stop ends the process that serves, and waits until all have ended, without having lost anything.
func (s *service) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	s.says(`"stopped"`, len(s.pids))
	s.until("nobody serves", func() bool { return s.pid() == 0 })
	if strings.Contains(s.said(), `"level":"ERROR"`) {
		s.t.Error("something went wrong")
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Error(err)
	}
}

// An exchange is one request and its answer.
type exchange func(c net.Conn, r *bufio.Reader, n int) error

func inCapitals(c net.Conn, r *bufio.Reader, n int) error {
	fmt.Fprintf(c, "line %d\n", n)
	got, err := r.ReadString('\n')
	return wanted(got, fmt.Sprintf("LINE %d\n", n), err)
}

func inFrames(c net.Conn, r *bufio.Reader, n int) error {
	text := fmt.Sprintf("message %d", n)
	want := append([]byte{0, 0, 0, byte(len(text))}, text...)
	c.Write(want)
	got := make([]byte, len(want))
	_, err := io.ReadFull(r, got)
	return wanted(string(got), string(want), err)
}

func inRedis(c net.Conn, r *bufio.Reader, n int) error {
	fmt.Fprintf(c, "ECHO %d\r\n", n)
	length, err := r.ReadString('\n')
	if err != nil {
		return err
	}
	got, err := r.ReadString('\n')
	return wanted(length+got, fmt.Sprintf("$%d\r\n%d\r\n", len(strconv.Itoa(n)), n), err)
}

func wanted(got, want string, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%q was answered, not %q", got, want)
	}
	return err
}

// A crowd is clients of a service: most connect, ask once or a few times and leave, some stay and ask now and then.
type crowd struct {
	attempts, requests, failures atomic.Int64
	quit                         chan struct{}
	all                          sync.WaitGroup
}

// stays is how long the longest connections live: less than a process that was replaced gives them.
const stays = time.Second

// gather begins to load a service. Whatever a client does not get is an error of the test.
func gather(t *testing.T, address string, do exchange) *crowd {
	c := &crowd{quit: make(chan struct{})}
	visit := func(requests int, pause func() time.Duration) {
		c.attempts.Add(1)
		if err := c.visit(address, do, requests, pause); err != nil {
			if c.failures.Add(1) < 10 {
				t.Errorf("connection %d: %v", c.attempts.Load(), err)
			}
		}
	}
	for range 8 {
		c.each(func() { visit(1+rand.IntN(3), func() time.Duration { return 0 }) })
	}
	for range 8 {
		c.each(func() {
			n := 20
			visit(n, func() time.Duration { return time.Duration(rand.Int64N(int64(stays) / int64(n))) })
		})
	}
	return c
}

func (c *crowd) each(f func()) {
	c.all.Go(func() {
		for {
			select {
			case <-c.quit:
				return
			default:
				f()
				time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond) // or loopback runs out of ports
			}
		}
	})
}

func (c *crowd) visit(address string, do exchange, requests int, pause func() time.Duration) error {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	nc, err := net.DialTimeout(network, address, 20*time.Second)
	if err != nil {
		return err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	r := bufio.NewReader(nc)
	for n := range requests {
		time.Sleep(pause())
		if err := do(nc, r, n); err != nil {
			return fmt.Errorf("request %d: %w", n, err)
		}
		c.requests.Add(1)
	}
	return nil
}

// leave has everybody finish.
func (c *crowd) leave() {
	close(c.quit)
	c.all.Wait()
}
