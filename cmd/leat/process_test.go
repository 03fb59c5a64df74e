package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the command as a user has it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "leat")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "leat")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Stderr = os.Stderr
	status := 1
	if build.Run() == nil {
		status = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(status)
}

// A process is a leat that runs.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     bytes.Buffer
	address string

	heard chan struct{} // closed when all that it logs has been read
	mu    sync.Mutex
	err   bytes.Buffer // guarded by mu
}

// serve starts leat tcp on a free port and waits until it listens.
func serve(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, "tcp", args...)
}

// serveUDP starts leat udp, and likewise.
func serveUDP(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, "udp", args...)
}

func start(t *testing.T, server string, args ...string) *process {
	t.Helper()
	p := made(t, server, args...)
	p.cmd.Stdout = &p.out
	p.listen()
	return p
}

// made is a server that has not started, on a free port.
func made(t *testing.T, server string, args ...string) *process {
	return &process{t: t, cmd: exec.Command(binary, append([]string{server, "--listen", "127.0.0.1:0"}, args...)...)}
}

// begin starts the process, and keeps what it logs. The address on which it listens goes to the channel, unless that is nil.
func (p *process) begin(listening chan<- string) {
	p.t.Helper()
	stderr, w, err := os.Pipe() // one that outlives the process, so that its last words are read
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd.Stderr = w
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		stderr.Close()
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.cmd.Process.Kill() })
	p.heard = make(chan struct{})
	go p.logs(stderr, listening)
}

// listen starts the server and waits until it listens.
func (p *process) listen() {
	p.t.Helper()
	listening := make(chan string, 1)
	p.begin(listening)
	select {
	case p.address = <-listening:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("%v does not listen; it said %s", p.cmd.Args, p.said())
	}
}

// logs keeps what the process says and finds the address that it listens on.
func (p *process) logs(r io.ReadCloser, listening chan<- string) {
	defer close(p.heard)
	defer r.Close()
	b, found := make([]byte, 4096), false
	for {
		n, err := r.Read(b)
		p.mu.Lock()
		p.err.Write(b[:n])
		all := p.err.String()
		p.mu.Unlock()
		if _, rest, ok := strings.Cut(all, `"address":"`); ok && !found {
			if address, _, ok := strings.Cut(rest, `"`); ok {
				found = true
				listening <- address
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err.String()
}

// end sends a signal and returns the exit status.
func (p *process) end(s os.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	return p.wait()
}

func (p *process) wait() int {
	p.t.Helper()
	done := make(chan error, 1)
	go func() {
		err := p.cmd.Wait()
		<-p.heard
		done <- err
	}()
	select {
	case <-done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(60 * time.Second):
		p.cmd.Process.Signal(syscall.SIGQUIT)
		p.t.Fatalf("the server did not end; it said %s", p.said())
		return -1
	}
}

// leat runs the command to its end.
func leat(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, msg bytes.Buffer
	c := exec.CommandContext(ctx, binary, args...)
	c.Stdout, c.Stderr = &out, &msg
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), msg.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), msg.String(), 0
}
