//go:build linux

// Package drive loads a server that echoes, from one epoll loop on one thread, and says what the server spent meanwhile.
//
// The closed loop keeps a number of messages in flight on each connection. The open loop sends on a schedule that the server cannot
// slow down, and counts the latency of a message from the moment at which it was due, so that a stall is charged to all messages
// that it delays (coordinated omission). Another load opens a connection for each message. What comes back is compared with what
// was sent: closed and connecting loads look at both ends of each read, the open one at its length. A closed loop can be secured
// by TLS 1.3; a load that opens connections and shakes hands runs on package net, because that costs a client more than anything
// else. The last load takes a stream as fast as it comes.
package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/benchmarks/measure"
)

// Message is the bytes of a message.
const Message = 64

// Kind is one of the loads.
type Kind string

// The loads.
const (
	Closed  Kind = "closed"
	Open    Kind = "open"
	Connect Kind = "connect"
	Shake   Kind = "shake" // a TLS connection for each message
	Stream  Kind = "stream"
)

// A Load is what one run does.
type Load struct {
	Kind   Kind
	Addr   netip.AddrPort
	Server int           // the process whose processor time counts
	Conns  int           // connections at a time
	Depth  int           // of a closed loop: messages in flight on each connection
	Rate   float64       // of an open loop: messages a second
	Warm   time.Duration // under load before anything counts
	Length time.Duration // for which it counts
	Secret *Secret       // of Shake, and of a closed loop of depth 1 through TLS; nil for plain text
}

// A Result is what one run gave.
type Result struct {
	Done      int64 // messages answered; connections for Connect and Shake; bytes for Stream
	Elapsed   time.Duration
	ServerCPU time.Duration
	ClientCPU time.Duration
	// Of an open loop, from when a message was due to its last byte.
	Mean, P50, P99, P999 time.Duration
}

// Command is the word before a load in the arguments of a program that calls Main.
const Command = "drive"

// Run lets a process of its own, on the processors given, bring l to bear. The program that runs must call Main when its first
// argument is Command.
func Run(ctx context.Context, l Load, cpus ...int) (Result, error) {
	return measure.Again[Result](ctx, Command, l, cpus...)
}

// Main is the process that Run starts.
func Main(arg string, out io.Writer) error {
	var l Load
	if err := json.Unmarshal([]byte(arg), &l); err != nil {
		return err
	}
	runtime.LockOSThread()
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	var res Result
	switch c := (&client{Load: l, ep: ep, buf: make([]byte, 64<<10), events: make([]unix.EpollEvent, 512)}); l.Kind {
	case Closed:
		if c.Secret != nil {
			res, err = c.secured()
		} else {
			res, err = c.closed()
		}
	case Open:
		res, err = c.open()
	case Connect:
		res, err = c.connect()
	case Shake:
		res, err = c.shake()
	case Stream:
		res, err = c.stream()
	default:
		err = fmt.Errorf("there is no load %q", l.Kind)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(res)
}

// client is one run.
type client struct {
	Load
	ep     int
	buf    []byte
	events []unix.EpollEvent
	cpu    spent // when counting began
}

// spent is processor time.
type spent struct{ server, client time.Duration }

func (c *client) spent() (s spent, err error) {
	if s.server, err = measure.CPUTime(c.Server); err != nil {
		return s, err
	}
	s.client, err = measure.CPUTime(os.Getpid())
	return s, err
}

// result is what was spent since counting began.
func (c *client) result(done int64, elapsed time.Duration) (Result, error) {
	now, err := c.spent()
	return Result{Done: done, Elapsed: elapsed, ServerCPU: now.server - c.cpu.server, ClientCPU: now.client - c.cpu.client}, err
}

// silence is how long nothing may come before the server is given up.
const silence = 5 * time.Second

var errSilent = fmt.Errorf("nothing came for %v", silence)

// wait returns what is ready, at the latest after silence.
func (c *client) wait() ([]unix.EpollEvent, error) {
	for {
		n, err := unix.EpollWait(c.ep, c.events, int(silence.Milliseconds()))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n == 0:
			return nil, errSilent
		default:
			return c.events[:n], nil
		}
	}
}

// Pattern is n messages.
func Pattern(n int) []byte {
	b := make([]byte, n*Message)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

var (
	errClosed = errors.New("the server closed a connection")
	errOther  = errors.New("what came back is not what was sent")
)
