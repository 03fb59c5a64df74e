// Package redistest runs redis-servers for tests. One keeps nothing, ends with its test, and can be killed, stopped and
// started again meanwhile:
//
//	s := redistest.TCP(t)
//	conn, err := net.Dial("tcp", s.Address)
//
// A test is skipped where no redis-server is installed.
package redistest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A Server is a redis-server, in a process of its own.
type Server struct {
	Address string // host:port, or the path of a socket

	t       testing.TB
	network string
	program string
	args    []string
	output  bytes.Buffer // what the process says; not to be read before it has ended
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has ended
}

// Unix starts a server with a unix socket and no port, and with these arguments, and waits until it answers.
func Unix(t testing.TB, args ...string) *Server {
	t.Helper()
	s, dir := newServer(t, "unix", args)
	s.Address = filepath.Join(dir, "s")
	s.Restart()
	return s
}

// TCP starts a server with a port of 127.0.0.1, and with these arguments, and waits until it answers.
func TCP(t testing.TB, args ...string) *Server {
	t.Helper()
	s, _ := newServer(t, "tcp", args)
	var err error
	for range 5 { // others may take a port before the server has it
		s.Address = freeAddress(t)
		if err = s.run(); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

// newServer is one that has a folder and no address yet.
func newServer(t testing.TB, network string, args []string) (s *Server, dir string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("there is no redis-server; Debian has it in redis-server")
	}
	dir, err = os.MkdirTemp("", "redis") // not t.TempDir: the path of a socket has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	s = &Server{t: t, network: network, program: program, args: append([]string{"--save", "", "--appendonly", "no", "--dir", dir}, args...)}
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir) // the system's folder of temporary files is cleared by others too
	})
	return s, dir
}

// listening are the arguments that give the server its address.
func (s *Server) listening() []string {
	if s.network == "unix" {
		return []string{"--port", "0", "--unixsocket", s.Address}
	}
	_, port, _ := strings.Cut(s.Address, ":")
	return []string{"--port", port, "--bind", "127.0.0.1"}
}

// freeAddress is one of 127.0.0.1 on which nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// Pid is the number of the server's process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Kill ends the server at once, as kill -9 does, and waits until its process is gone.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // it may have ended by itself
		<-s.ended
	}
}

// Restart kills the server unless it has ended, starts it again at the same address with the same arguments, and waits until
// it answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.run(); err != nil {
		s.t.Fatal(err)
	}
}

// run starts a process and waits until it answers. When that fails none is left.
func (s *Server) run() error {
	s.output.Reset()
	cmd := exec.Command(s.program, append(s.listening(), s.args...)...)
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	s.cmd, s.ended = cmd, ended
	go func() {
		defer close(ended)
		_ = cmd.Wait() // mostly it is killed
	}()
	for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		select {
		case <-ended:
			return fmt.Errorf("redis-server has ended:\n%s", &s.output)
		default:
		}
		if s.answers() {
			return nil
		}
	}
	s.Kill()
	return fmt.Errorf("redis-server does not answer after 30 s:\n%s", &s.output)
}

// answers says whether the server replies to PING. A server with a password refuses it, which will do.
func (s *Server) answers() bool {
	c, err := net.DialTimeout(s.network, s.Address, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second)) // fails only on a closed connection
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, _ := bufio.NewReader(c).ReadString('\n')
	return line == "+PONG\r\n" || strings.HasPrefix(line, "-NOAUTH ")
}
