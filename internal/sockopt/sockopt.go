// Package sockopt sets options of sockets and reads back what the kernel made of them: it rounds, doubles and caps what it
// is asked for, and mostly does not say so.
package sockopt

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"
)

// An Option is one option of a socket with the value that is asked for.
type Option struct {
	Name  string // for people: "receive buffer"
	Asked string // the value, as Get would write it
	Scope Scope
	Late  bool // it is set on a socket that listens already

	invalid string // what is wrong with the value, or ""
	set     func(fd int) error
	get     func(fd int) (string, error)
}

// A Scope says which sockets have an option.
type Scope uint8

// Connections inherit from the socket that accepted them what is not of the scope EachConn.
const (
	Any      Scope = iota // sockets of every kind
	TCP                   // sockets of TCP
	EachConn              // connections of TCP, each for itself
)

// Set sets the option on a socket. The error names the option and the value.
func (o Option) Set(fd int) error {
	if o.invalid != "" {
		return fmt.Errorf("the option %q cannot be %s: %s", o.Name, o.Asked, o.invalid)
	}
	switch err := o.set(fd); {
	case err == nil:
		return nil
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("the option %q is not available on %s: %w", o.Name, runtime.GOOS, err)
	default:
		return fmt.Errorf("the option %q: the system refuses %s: %w", o.Name, o.Asked, err)
	}
}

// Get returns the value that the socket has now, and beside it what was asked when that is something else.
func (o Option) Get(fd int) (string, error) {
	got, err := o.get(fd)
	switch {
	case err != nil:
		return "", fmt.Errorf("the option %q: %w", o.Name, err)
	case got != o.Asked:
		got += ", asked " + o.Asked
	}
	return got, nil
}

// NoDelay sends small writes at once (TCP_NODELAY) instead of waiting for the acknowledgement of what is under way.
func NoDelay(on bool) Option {
	return noDelay(Option{Name: "no delay", Asked: onOff(on), Scope: TCP}, on)
}

// KeepAlive probes a peer that has been silent for idle, each interval, and gives it up after count probes without an answer
// (SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT). An idle of 0 sends no probes. The kernel counts seconds.
func KeepAlive(idle, interval time.Duration, count int) Option {
	o := Option{Name: "keep-alive", Asked: "off", Scope: TCP}
	if idle != 0 {
		o.Asked = probes(idle, interval, count)
		if idle < 0 || interval <= 0 || count < 1 {
			o.invalid = "probes need an idle time, an interval and a count, none of them 0 or less"
		}
	}
	return keepAlive(o, idle, interval, count)
}

func probes(idle, interval time.Duration, count int) string {
	return fmt.Sprintf("after %v each %v, %d times", idle, interval, count)
}

// UserTimeout gives up a peer that leaves what was sent to it without an acknowledgement for so long (TCP_USER_TIMEOUT, RFC
// 5482). The kernel counts milliseconds.
func UserTimeout(d time.Duration) Option {
	return userTimeout(Option{Name: "user timeout", Asked: d.String(), Scope: TCP, invalid: positive(d)}, d)
}

// ReceiveBuffer is how many bytes the kernel may keep that nobody has read (SO_RCVBUF). It ends the kernel's own tuning.
func ReceiveBuffer(bytes int) Option {
	return receiveBuffer(Option{Name: "receive buffer", Asked: strconv.Itoa(bytes), invalid: positive(bytes)}, bytes)
}

// LargeReceiveBuffer is ReceiveBuffer, beyond the limit of the system where the process may go there (SO_RCVBUFFORCE), and as
// near to what is asked as the system lets it elsewhere.
func LargeReceiveBuffer(bytes int) Option {
	return large(ReceiveBuffer(bytes), receiveBuffer, force, bytes)
}

// LargeSendBuffer is the same of SendBuffer (SO_SNDBUFFORCE).
func LargeSendBuffer(bytes int) Option { return large(SendBuffer(bytes), sendBuffer, forceSend, bytes) }

// large tries forced first. Some systems cap a size that is too large, and some refuse it: those are asked for half as much.
func large(o Option, plain func(Option, int) Option, forced func(fd, bytes int) error, bytes int) Option {
	o.set = func(fd int) error {
		err := forced(fd, bytes)
		for n := bytes; err != nil && n >= leastLarge; n /= 2 {
			if err = plain(o, n).set(fd); errors.Is(err, errors.ErrUnsupported) {
				break
			}
		}
		return err
	}
	return o
}

// leastLarge is a buffer that every system grants.
const leastLarge = 4 << 10

// SendBuffer is how many bytes the kernel may keep that the peer has not acknowledged (SO_SNDBUF). It ends the kernel's own
// tuning.
func SendBuffer(bytes int) Option {
	return sendBuffer(Option{Name: "send buffer", Asked: strconv.Itoa(bytes), invalid: positive(bytes)}, bytes)
}

// Linger makes close(2) wait for as long as d until the peer has acknowledged everything, and then, or at once when d is 0,
// reset the connection (SO_LINGER). The kernel counts seconds.
func Linger(d time.Duration) Option {
	o := Option{Name: "linger", Asked: d.String(), Scope: TCP}
	if d < 0 {
		o.invalid = "it is less than 0"
	}
	return linger(o, d)
}

// DeferAccept shows a connection to accept(2) when its first bytes have arrived, and drops it if they have not come after d
// (TCP_DEFER_ACCEPT). The kernel counts retransmissions: 1 s, 3 s, 7 s and so on.
func DeferAccept(d time.Duration) Option {
	return deferAccept(Option{Name: "defer accept", Asked: d.String(), Scope: TCP, invalid: positive(d)}, d)
}

// QuickAck acknowledges the first bytes of a connection at once, or waits for an answer that can carry the acknowledgement
// (TCP_QUICKACK). The kernel changes its mind later by what it sees of the traffic.
func QuickAck(on bool) Option {
	return quickAck(Option{Name: "quick ack", Asked: onOff(on), Scope: EachConn}, on)
}

// Congestion is the name of the congestion control (TCP_CONGESTION), such as "cubic" or "bbr".
func Congestion(name string) Option {
	o := Option{Name: "congestion control", Asked: name, Scope: TCP}
	if name == "" {
		o.invalid = "it is no name"
	}
	return congestion(o, name)
}

// Backlog is how many connections may wait to be accepted (listen(2)). The system has a limit of its own.
func Backlog(n int) Option {
	return backlog(Option{Name: "backlog", Asked: strconv.Itoa(n), Late: true, invalid: positive(n)}, n)
}

func positive[T int | time.Duration](v T) string {
	if v < 1 {
		return "it must be more than 0"
	}
	return ""
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// up rounds d up to whole units, because the kernel takes 0 for something else.
func up(d, unit time.Duration) int { return int((d + unit - 1) / unit) }
