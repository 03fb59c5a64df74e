package datagram

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/profile"
)

// A Role is what this process does.
type Role string

const (
	Echo     Role = "echo"      // sends, and checks the replies
	SendOnly Role = "send only" // sends
	Sink     Role = "sink"      // receives
)

// A Sender is how datagrams leave. Figures of different senders answer different questions and are never added up: a sink that is
// sent to by one counts what comes from another as foreign.
type Sender string

const (
	Plain  Sender = "plain"  // each datagram by itself, many in a call (sendmmsg)
	GSO    Sender = "gso"    // trains of up to 64 datagrams cross the stack as one (UDP_SEGMENT), which plain senders cannot
	Packet Sender = "packet" // whole frames through a packet socket, past the stack
	XDP    Sender = "xdp"    // whole frames through AF_XDP, past the stack
)

// Senders are all there are. A datagram has the index of its own.
var Senders = []Sender{Plain, GSO, Packet, XDP}

// Detail says what is behind the word, for everything that shows figures.
func (s Sender) Detail() string {
	switch s {
	case Plain:
		return "plain sender (" + plainCall + ")"
	case GSO:
		return "GSO sender (UDP_SEGMENT: one pass through the stack for up to 64 datagrams)"
	case Packet:
		return "raw sender (packet socket, past the stack)"
	case XDP:
		return "raw sender (AF_XDP, past the stack)"
	}
	return string(s)
}

// Config says what to send or to receive, how fast, and for how long. The zero value of a field that has a default means that
// default.
type Config struct {
	Label   string // a name for the result
	Role    Role   // default Echo
	Address string // host:port of the server; of a Sink, to listen on

	Sender  Sender // default Plain; not of a Sink
	Message int    // bytes of a datagram's payload, HeaderSize to 65 507; default 64
	Flows   int    // source ports, 1 to 4096; default 1. Bursts go from them in turn
	Batch   int    // most datagrams of one flow in one call, 1 to 64; default 32. In an open loop GSO waits for as many, at most 1 ms

	// Rate is the number of datagrams a second in all, on a constant schedule (open loop). With 0 Echo keeps Depth of each flow in
	// flight (closed loop), and SendOnly sends as fast as it can.
	Rate    float64
	Profile profile.Profile // an open loop whose rate changes, in the place of Rate, Duration and Warmup
	Depth   int             // closed loop: most datagrams of a flow in flight, 1 to 4096; default 1

	// The run ends with the first of the two that is not 0; a sender must have one of them, or a Profile. A Sink that has neither ends
	// when all flows of a sender have ended.
	Requests int64         // datagrams, the warm-up not counted
	Duration time.Duration // after the warm-up; of a Sink, from the first datagram

	Warmup  time.Duration // at the start, not counted
	Timeout time.Duration // for which a reply may be under way; default 1 s. In a closed loop what was in flight for so long is given up

	Buffer int           // SO_RCVBUF of each socket that receives, in bytes; default 8 MiB. What the system has granted is in the result
	Nap    time.Duration // for which the receiver rests while datagrams keep coming; default 0, of a Sink 50 µs. It is in the latency

	Raw Raw // of the senders Packet and XDP

	// Progress, if not nil, is called once a second until Run returns, and once more at the end if it was called before.
	Progress func(Progress)

	to netip.AddrPort // of Address
}

// A Raw says where the frames of the raw senders go.
type Raw struct {
	Interface string // out of which they are sent, from its first IPv4 address
	MAC       string // hardware address of the next hop; empty for what the kernel knows of the server
}

// DefaultBuffer is what is asked for a socket that receives, in bytes: what comes in a tenth of a second at 100 000 datagrams/s, as
// the kernel counts them, each with its own bookkeeping.
const DefaultBuffer = 8 << 20

// Bounds of a Config.
const (
	maxFlows   = 4096
	maxBatch   = 64 // the most segments that the kernel accepts in a train (UDP_MAX_SEGMENTS)
	maxDepth   = 4096
	maxPayload = 65507 // 65535 less the headers of IPv4 and UDP

	defaultNap = 50 * time.Microsecond
)

// Check says what is wrong with c. It may look the address up.
func (c Config) Check() error {
	_, err := c.withDefaults()
	return err
}

func (c Config) withDefaults() (Config, error) {
	set(&c.Role, Echo)
	set(&c.Sender, Plain)
	set(&c.Message, 64)
	set(&c.Flows, 1)
	set(&c.Batch, 32)
	set(&c.Depth, 1)
	set(&c.Timeout, time.Second)
	set(&c.Buffer, DefaultBuffer)
	if c.Role == Sink {
		set(&c.Nap, defaultNap)
	}
	var err error
	if c.to, err = resolve(c.Address); err != nil {
		return c, fmt.Errorf("load: the address %q is not host:port: %w", c.Address, err)
	}
	return c, errors.Join(c.checkWords(), c.checkSizes(), c.checkTimes())
}

func (c Config) checkWords() error {
	switch {
	case !slices.Contains([]Role{Echo, SendOnly, Sink}, c.Role):
		return fmt.Errorf("load: there is no role %q", c.Role)
	case !slices.Contains(Senders, c.Sender):
		return fmt.Errorf("load: there is no sender %q; choose %s", c.Sender, senderNames())
	case c.raw() && c.Raw.Interface == "":
		return fmt.Errorf("load: the sender %s wants an interface", c.Sender)
	case c.raw() && c.Role != SendOnly:
		return fmt.Errorf("load: the sender %s only sends; receive with a sink", c.Sender)
	case c.raw() && !c.to.Addr().Is4():
		return fmt.Errorf("load: the sender %s speaks IPv4, not %v", c.Sender, c.to.Addr())
	}
	return nil
}

func (c Config) checkSizes() error {
	switch {
	case c.Message < HeaderSize || c.Message > maxPayload:
		return fmt.Errorf("load: a datagram of %d bytes is not within %d and %d", c.Message, HeaderSize, maxPayload)
	case c.Flows < 1 || c.Flows > maxFlows:
		return fmt.Errorf("load: %d flows are not within 1 and %d", c.Flows, maxFlows)
	case c.Batch < 1 || c.Batch > maxBatch:
		return fmt.Errorf("load: a batch of %d is not within 1 and %d", c.Batch, maxBatch)
	case c.Depth < 1 || c.Depth > maxDepth:
		return fmt.Errorf("load: a depth of %d is not within 1 and %d", c.Depth, maxDepth)
	case c.Sender == GSO && c.Message > maxPayload/2:
		return fmt.Errorf("load: two datagrams of %d bytes do not fit into one train of the sender gso", c.Message)
	case c.Buffer < 0 || c.Buffer > 1<<30:
		return fmt.Errorf("load: a receive buffer of %d bytes is not within 0 and 1 GiB", c.Buffer)
	}
	return nil
}

func (c Config) checkTimes() error {
	switch {
	case !(c.Rate >= 0 && c.Rate <= profile.MaxRate): // also refuses NaN
		return fmt.Errorf("load: a rate of %v/s is not within 0 and 1e9", c.Rate)
	case c.Requests < 0 || c.Duration < 0 || c.Warmup < 0 || c.Timeout < 0 || c.Nap < 0:
		return errors.New("load: requests and times cannot be negative")
	case c.Duration > profile.MaxLength || c.Warmup > profile.MaxLength || c.Timeout > profile.MaxLength:
		return fmt.Errorf("load: times are longer than %v", profile.MaxLength)
	case c.Requests > 1<<53:
		return fmt.Errorf("load: these are more than %d datagrams", int64(1)<<53)
	case len(c.Profile) > 0 && (c.Rate > 0 || c.Duration > 0 || c.Warmup > 0):
		return errors.New("load: a profile has its own rates, durations and warm phases")
	case c.Role == Sink && (c.Rate > 0 || len(c.Profile) > 0 || c.Requests > 0 || c.Warmup > 0):
		return errors.New("load: a sink has no schedule; its senders have")
	case c.Role != Sink && len(c.Profile) == 0 && c.Requests == 0 && c.Duration == 0:
		return errors.New("load: neither a number of requests nor a duration says when to end")
	}
	return nil
}

func (c Config) raw() bool { return c.Sender == Packet || c.Sender == XDP }

// schedule is that of the open loop, nil in others.
func (c Config) schedule() *profile.Schedule {
	switch {
	case len(c.Profile) > 0:
		return profile.NewSchedule(c.Profile)
	case c.Rate > 0:
		return profile.Constant(c.Rate)
	}
	return nil
}

func senderNames() string {
	var all []string
	for _, s := range Senders {
		all = append(all, string(s))
	}
	return strings.Join(all, ", ")
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
