package compare

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A process is a server or a load that was started.
type process struct {
	what string // for errors
	cmd  *exec.Cmd
	said *tail
	got  chan message  // closed when the process says nothing more
	done chan struct{} // closed when it has ended; then status is set
	wire *wire         // set before the first message is in got
	met  bool          // a message has come: wire may be used
}

// start starts this program again with a part to play. dir is for the socket over which it is talked to.
func start(dir string, p part, pin []int) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p.Control = filepath.Join(dir, string(p.Role))
	ln, err := net.Listen("unix", p.Control)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	c := &process{
		what: fmt.Sprintf("the %s of %q", p.Role, p.Variant), said: &tail{},
		got: make(chan message), done: make(chan struct{}),
	}
	c.cmd = exec.Command(program, os.Args[1:]...)
	c.cmd.Env = append(os.Environ(), environment+"="+string(text))
	if pin != nil {
		c.cmd.Env = slices.DeleteFunc(c.cmd.Env, func(v string) bool { return strings.HasPrefix(v, "GOMAXPROCS=") })
	}
	c.cmd.Stdout, c.cmd.Stderr = c.said, c.said
	c.cmd.WaitDelay = time.Second // for what it may have started that holds its output
	bind(c.cmd)
	started := make(chan error)
	go func() {
		// On Linux a process ends with the thread that started it (prctl(2), PR_SET_PDEATHSIG), so that thread stays.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := pinned(c.cmd.Start, pin)
		started <- err
		if err == nil {
			_ = c.cmd.Wait() // in ProcessState, too
		}
		ln.Close() // before done: the next process listens at the same path
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("compare: %s cannot be started: %w", c.what, err)
	}
	go c.listen(ln)
	return c, nil
}

// listen passes on what the process says.
func (c *process) listen(ln net.Listener) {
	defer close(c.got)
	conn, err := ln.Accept()
	if err != nil { // it ended without a word
		return
	}
	defer conn.Close()
	c.wire = newWire(conn)
	for {
		m, err := c.wire.hear()
		if err != nil {
			return
		}
		c.got <- m // end takes what nobody wants
	}
}

// await returns what the process says next.
func (c *process) await(ctx context.Context) (message, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case m, ok := <-c.got:
		if !ok {
			return m, c.failure()
		}
		c.met = true
		return m, nil
	case <-late.C:
		return message{}, fmt.Errorf("compare: %s does not start within %v; it said:\n%s", c.what, patience, c.said.lines())
	case <-ctx.Done():
		return message{}, context.Cause(ctx)
	}
}

// failure is the error of a process that has gone silent before its time.
func (c *process) failure() error {
	select {
	case <-c.done:
	case <-time.After(time.Second):
		return fmt.Errorf("compare: %s says nothing more", c.what)
	}
	return fmt.Errorf("compare: %s ended too early: %v; it said:\n%s", c.what, c.cmd.ProcessState, c.said.lines())
}

// end tells a server to stop, waits for a while, and kills.
func (c *process) end(wait time.Duration) {
	if wait > 0 && c.met {
		_ = c.wire.say(message{Kind: stop}) // if it fails the process is gone
		select {
		case <-c.done:
		case <-time.After(wait):
		}
	}
	_ = c.cmd.Process.Kill() // by now it has usually ended
	for range c.got {        // so that listen can end
	}
	<-c.done
}
