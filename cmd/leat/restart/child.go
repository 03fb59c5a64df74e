package restart

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// A child is the process that is to take over.
type child struct {
	process   *os.Process
	ready     chan bool        // one value: whether it has said that it is ready, or will never say so
	exited    chan struct{}    // closed when it has ended
	state     *os.ProcessState // once it has
	dismissed bool             // it was told to end
}

// await listens to a process that was started. It owns the reading end of the pipe.
func await(p *os.Process, pipe *os.File) *child {
	c := &child{process: p, ready: make(chan bool, 1), exited: make(chan struct{})}
	go func() {
		defer pipe.Close()
		n, _ := pipe.Read(make([]byte, 1))
		c.ready <- n == 1
	}()
	go func() {
		c.state, _ = p.Wait()
		close(c.exited)
	}()
	return c
}

// settle waits until the process is ready. One that is not within the time, or that gives up, is ended, and the error says why.
func (c *child) settle(timeout time.Duration) error {
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case ok := <-c.ready:
		if ok {
			return nil
		}
	case <-t.C:
		c.kill()
		return fmt.Errorf("it was not ready after %v, and was killed", timeout)
	}
	select {
	case <-c.exited:
	case <-t.C:
		c.kill()
	}
	if c.state == nil {
		return errors.New("it ended before it was ready")
	}
	return fmt.Errorf("it ended before it was ready: %v", c.state)
}

// kill ends a process that has not begun to serve, and waits for its end.
func (c *child) kill() {
	_ = c.process.Kill()
	<-c.exited
}
