package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Config says what to send, how fast, and for how long. The zero value of a field that has a default means that default.
//
// A connection holds a read and a write buffer of Depth messages each, but at most 64 KiB (the write buffer at least one
// message), and 8 bytes for each of Depth; with its goroutine about 6 KiB at the defaults.
type Config struct {
	Address  string   // host:port of the server
	Protocol Protocol // default Frame
	Reply    Reply    // default Echo
	Message  int      // payload bytes of a request, 1 to 16 MiB; default 64. See the package doc for what short ones can tell apart

	Conns int // connections, 1 to 65 536; default 1
	Depth int // most requests in flight on a connection, 1 to 65 536; default 1

	// Rate is the number of requests a second in all, on a constant schedule (open loop); 0 sends as fast as replies
	// come back (closed loop).
	Rate float64

	// The run ends with the first of the two that is not 0; one of them must be given. It then waits for the replies in
	// flight, and in an open loop for the backlog, at most for Timeout.
	Requests int64         // requests begun after the warm-up
	Duration time.Duration // after the warm-up

	Warmup      time.Duration // at the start, not counted (failures are)
	Timeout     time.Duration // from the sending of a request to its reply; default 10 s. The connection ends with it
	DialTimeout time.Duration // default 5 s

	// Dial opens a connection; nil is TCP. A hook may wrap TCP or replace it. A connection that is no *net.TCPConn has a
	// second goroutine that writes, because nothing is known of how much it takes before it blocks. With one that is no socket
	// either, nor TLS over one, the open loop is paced by the runtime's timers, so that a simulated network can
	// run in simulated time; on an idle machine they are 1 ms coarse.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Progress, if not nil, is called once a second until Run returns, and once more at the end if it was called before.
	Progress func(Progress)
}

const (
	maxMessage = 16 << 20
	maxConns   = 1 << 16 // connection numbers have four hexadecimal digits
	maxDepth   = 1 << 16
)

// withDefaults fills what is 0 and refuses what cannot be run.
func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Protocol, Frame)
	setDefault(&c.Reply, Echo)
	setDefault(&c.Message, 64)
	setDefault(&c.Conns, 1)
	setDefault(&c.Depth, 1)
	setDefault(&c.Timeout, 10*time.Second)
	setDefault(&c.DialTimeout, 5*time.Second)
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	switch {
	case c.Address == "":
		return c, errors.New("load: no address")
	case c.Protocol != Raw && c.Protocol != Frame && c.Protocol != Line:
		return c, fmt.Errorf("load: protocol %q is not one of raw, frame, line", c.Protocol)
	case c.Reply != Echo && c.Reply != Upper:
		return c, fmt.Errorf("load: reply %q is not one of echo, upper", c.Reply)
	case c.Message < 1 || c.Message > maxMessage:
		return c, fmt.Errorf("load: a message of %d bytes is not within 1 and %d", c.Message, maxMessage)
	case c.Conns < 1 || c.Conns > maxConns:
		return c, fmt.Errorf("load: %d connections are not within 1 and %d", c.Conns, maxConns)
	case c.Depth < 1 || c.Depth > maxDepth:
		return c, fmt.Errorf("load: a depth of %d is not within 1 and %d", c.Depth, maxDepth)
	case !(c.Rate >= 0 && c.Rate <= 1e9): // also refuses NaN
		return c, fmt.Errorf("load: a rate of %v/s is not within 0 and 1e9", c.Rate)
	case c.Requests < 0 || c.Duration < 0 || c.Warmup < 0 || c.Timeout < 0 || c.DialTimeout < 0:
		return c, errors.New("load: requests, duration, warm-up and timeouts cannot be negative")
	case c.Warmup+c.Duration < 0:
		return c, errors.New("load: warm-up and duration together last longer than 292 years")
	case c.Requests == 0 && c.Duration == 0:
		return c, errors.New("load: neither a number of requests nor a duration says when to end")
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
