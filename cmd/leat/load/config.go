package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/profile"
	"github.com/leat-io/leat/cmd/leat/load/workload"
)

// Config says what to send, how fast, and for how long. The zero value of a field that has a default means that default.
//
// With goroutines a user holds a read and a write buffer of Depth messages each, but at most 64 KiB (the write buffer at
// least one message), and 16 bytes for each of Depth: about 6 KiB at the defaults. On a loop, which has the buffers, it is 8
// bytes for each of Depth, and about 1 KiB at the defaults.
type Config struct {
	Label   string // a name for the result
	Address string // host:port or unix:path; several are separated by commas, and connections go to them in turn

	Protocol Protocol // default Frame
	Message  int      // payload or value bytes of a request, 1 to 16 MiB; default 64. See the package doc for what short ones can tell apart
	Reply    Reply    // not of RESP; default Echo
	Request  Request  // of RESP; default workload.PING
	Keys     int      // of RESP: how many there are; default 10 000
	Zipf     float64  // of RESP: exponent of the distribution of keys; 0 draws each as often

	Conns int // users, 1 to 65 536; each has a connection, or they share a Pool; default 1
	Depth int // most requests in flight of a user, 1 to 65 536; default 1
	// Pool, if not nil, is the number of connections that the users share: for its requests, at most Depth at a time, a user takes
	// one out of the pool and gives it back when they are answered. With 0 it opens a connection for them and closes it.
	Pool *int

	// Rate is the number of requests a second in all, on a constant schedule (open loop); 0 sends as fast as replies
	// come back (closed loop).
	Rate float64
	// Profile is an open loop whose rate changes. It takes the place of Rate, Duration and Warmup.
	Profile profile.Profile

	// The run ends with the first of the two that is not 0; one of them, or a Profile, must be given. It then waits for the replies in
	// flight, and in an open loop for the backlog, at most for Timeout.
	Requests int64         // requests begun after the warm-up
	Duration time.Duration // after the warm-up

	Warmup      time.Duration // at the start, not counted (failures are)
	Timeout     time.Duration // from the sending of a request to its reply; default 10 s. The connection ends with it
	DialTimeout time.Duration // default 5 s

	Driver Driver // what carries the connections; default Reactor, but Goroutine where there is none or with Dial
	Loops  int    // of Reactor, 1 to 1024, but no more than connections; default GOMAXPROCS

	// Dial opens a connection; nil is TCP or a Unix socket. A hook may wrap these or replace them; it is for Goroutine. A connection that is no *net.TCPConn has a
	// second goroutine that writes, because nothing is known of how much it takes before it blocks. With one that is no socket
	// either, nor TLS over one, the open loop is paced by the runtime's timers, so that a simulated network can
	// run in simulated time; on an idle machine they are 1 ms coarse.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Progress, if not nil, is called once a second until Run returns, and once more at the end if it was called before.
	Progress func(Progress)

	// Begin and End, if not nil, are called when the warm-up is over and when no request is begun any more: once each, in that
	// order, while connections are open.
	Begin, End func()

	spec    workload.Spec // Protocol to Zipf
	targets []target      // of Address
}

const (
	maxConns   = 1 << 16 // connection numbers have four hexadecimal digits
	maxDepth   = 1 << 16
	maxTargets = 64
	maxLoops   = 1024
	// maxRemembered bounds the counters that the users of INCR keep: 128 MiB of them.
	maxRemembered = 16 << 20
	// maxRequests is as far as every number of requests is a float64.
	maxRequests = 1 << 53
)

// withDefaults fills what is 0 and refuses what cannot be run.
func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Conns, 1)
	setDefault(&c.Depth, 1)
	setDefault(&c.Timeout, 10*time.Second)
	setDefault(&c.DialTimeout, 5*time.Second)
	var err error
	if c, err = c.withDriver(); err != nil {
		return c, err
	}
	if c.targets, err = parseTargets(c.Address); err != nil {
		return c, err
	}
	c.spec, err = workload.Spec{
		Protocol: c.Protocol, Message: c.Message, Reply: c.Reply, Request: c.Request, Keys: c.Keys, Zipf: c.Zipf,
	}.WithDefaults()
	if err != nil {
		return c, err
	}
	switch {
	case c.Conns < 1 || c.Conns > maxConns:
		return c, fmt.Errorf("load: %d connections are not within 1 and %d", c.Conns, maxConns)
	case c.Depth < 1 || c.Depth > maxDepth:
		return c, fmt.Errorf("load: a depth of %d is not within 1 and %d", c.Depth, maxDepth)
	case c.Pool != nil && (*c.Pool < 0 || *c.Pool > c.Conns):
		return c, fmt.Errorf("load: a pool of %d connections is not within 0 and the %d users that share it", *c.Pool, c.Conns)
	case c.spec.Remembers()*c.Conns > maxRemembered:
		return c, fmt.Errorf("load: incr keeps a number for each of %d keys and each of %d users, more than %d in all; take fewer keys",
			c.spec.Keys, c.Conns, maxRemembered)
	}
	c.Loops = min(c.Loops, c.conns())
	return c, c.checkTimes()
}

// withDriver fills what carries the connections.
func (c Config) withDriver() (Config, error) {
	if c.Driver == "" {
		c.Driver = Goroutine
		if hasReactor && c.Dial == nil {
			c.Driver = Reactor
		}
	}
	switch {
	case !slices.Contains(Drivers(), string(c.Driver)):
		return c, fmt.Errorf("load: driver %q is not one of %s", c.Driver, strings.Join(Drivers(), ", "))
	case c.Driver == Goroutine && c.Loops != 0:
		return c, errors.New("load: loops are those of the driver reactor")
	case c.Driver == Reactor && !hasReactor:
		return c, fmt.Errorf("load: the driver reactor is not for %s", runtime.GOOS)
	case c.Driver == Reactor && c.Dial != nil:
		return c, errors.New("load: the driver reactor opens connections itself, so a hook cannot")
	case c.Loops < 0 || c.Loops > maxLoops:
		return c, fmt.Errorf("load: %d loops are not within 1 and %d", c.Loops, maxLoops)
	}
	if c.Driver == Reactor {
		setDefault(&c.Loops, runtime.GOMAXPROCS(0))
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	return c, nil
}

// checkTimes refuses a rate and an end that make no sense.
func (c Config) checkTimes() error {
	switch {
	case !(c.Rate >= 0 && c.Rate <= profile.MaxRate): // also refuses NaN
		return fmt.Errorf("load: a rate of %v/s is not within 0 and 1e9", c.Rate)
	case c.Requests < 0 || c.Duration < 0 || c.Warmup < 0 || c.Timeout < 0 || c.DialTimeout < 0:
		return errors.New("load: requests, duration, warm-up and timeouts cannot be negative")
	case c.Warmup+c.Duration < 0:
		return errors.New("load: warm-up and duration together last longer than 292 years")
	case len(c.Profile) > 0 && (c.Rate > 0 || c.Duration > 0 || c.Warmup > 0):
		return errors.New("load: a profile has its own rates, durations and warm phases")
	case len(c.Profile) == 0 && c.Requests == 0 && c.Duration == 0:
		return errors.New("load: neither a number of requests nor a duration says when to end")
	case c.Requests > maxRequests, c.Rate*(c.Warmup+c.Duration).Seconds() > maxRequests:
		return fmt.Errorf("load: these are more than %d requests", int64(maxRequests))
	}
	return nil
}

// schedule is that of the open loop, nil in a closed one.
func (c Config) schedule() *profile.Schedule {
	switch {
	case len(c.Profile) > 0:
		return profile.NewSchedule(c.Profile)
	case c.Rate > 0:
		return profile.Constant(c.Rate)
	}
	return nil
}

// conns is how many connections are open at a time, at most.
func (c Config) conns() int {
	if c.pooled() && *c.Pool > 0 {
		return *c.Pool
	}
	return c.Conns
}

// window is how many bytes of a user may be in flight in either direction.
func (c Config) window() int { return c.Depth * max(c.spec.RequestBytes(), c.spec.ReplyBytes()) }

// pooled reports whether users have no connections of their own.
func (c Config) pooled() bool { return c.Pool != nil }

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
