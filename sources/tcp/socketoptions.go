package tcp

import (
	"slices"
	"time"

	"github.com/leat-io/leat/internal/sockopt"
)

// The options below are set on the socket that listens, and connections inherit them: they cost nothing for each connection.
// What the kernel made of each is a gauge of the source. A socket option that the system refuses, or does not have, is an
// error of Bind and Start, and so is one of TCP for a unix socket.

// NoDelay says whether small writes are sent at once (TCP_NODELAY). The default is true: answers are written once for each
// batch, so there is nothing to wait for.
func NoDelay(on bool) Option { return socketOption(sockopt.NoDelay(on)) }

// KeepAlive says after which silence a peer is probed, how long after one probe comes the next, and how many may stay without
// an answer before the connection is reset (SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT), in whole seconds. The
// default is that of package net: 15 s, 15 s, 9. An idle of 0 turns probes off. Where it is not Linux, the times are those of
// the system.
func KeepAlive(idle, interval time.Duration, count int) Option {
	return socketOption(sockopt.KeepAlive(idle, interval, count))
}

// UserTimeout resets a connection whose peer acknowledges nothing of what was sent for so long (TCP_USER_TIMEOUT, RFC 5482;
// Linux). The default is the kernel's: its retransmissions last for 13 to 30 minutes.
func UserTimeout(d time.Duration) Option { return socketOption(sockopt.UserTimeout(d)) }

// ReceiveBuffer is how many bytes of a connection the kernel may keep that the source has not read (SO_RCVBUF). The default
// is the kernel's, which tunes it by what it sees of the traffic; a size that is set is not tuned.
func ReceiveBuffer(bytes int) Option { return socketOption(sockopt.ReceiveBuffer(bytes)) }

// SendBuffer is how many bytes of a connection the kernel may keep that the peer has not acknowledged (SO_SNDBUF). The
// default is the kernel's, as for ReceiveBuffer. What does not fit waits in the out-queue, which has limits of its own.
func SendBuffer(bytes int) Option { return socketOption(sockopt.SendBuffer(bytes)) }

// Linger is how long, in whole seconds, the last close of a connection may wait until the peer has acknowledged everything;
// then the connection is reset (SO_LINGER). It occupies a thread for that long. 0 resets at once whatever is not
// acknowledged by then, and may cost a slow peer the last answers. By default the kernel goes on in the background.
//
// It is about the kernel's part, which comes after the source's: see "How a connection is closed" in the page on TCP.
func Linger(d time.Duration) Option {
	ask := socketOption(sockopt.Linger(d))
	return func(s *Source) {
		s.waits = d > 0
		ask(s)
	}
}

// DeferAccept accepts a connection when its first bytes have come, and lets it go when they have not after d, in whole
// seconds (TCP_DEFER_ACCEPT; Linux). It is for protocols in which the client speaks first. Connections that wait so are not
// counted by the source. The default is to accept what is established.
func DeferAccept(d time.Duration) Option { return socketOption(sockopt.DeferAccept(d)) }

// QuickAck says whether the first bytes of a connection are acknowledged at once, or with the answer to them (TCP_QUICKACK;
// Linux). It is not inherited and costs one system call for each connection. The default is the kernel's choice, which it
// comes back to later in any case.
func QuickAck(on bool) Option { return socketOption(sockopt.QuickAck(on)) }

// Congestion is the congestion control by name, such as "cubic" or "bbr" (TCP_CONGESTION; Linux). The default is the
// system's.
func Congestion(name string) Option { return socketOption(sockopt.Congestion(name)) }

// Backlog is how many connections may wait to be accepted (listen(2)). The default is the most that the system allows, on
// Linux net.core.somaxconn.
func Backlog(n int) Option { return socketOption(sockopt.Backlog(n)) }

// socketOption asks for o, in the place of an option of the same name.
func socketOption(o sockopt.Option) Option {
	return func(s *Source) {
		same := func(old sockopt.Option) bool { return old.Name == o.Name }
		if i := slices.IndexFunc(s.asked, same); i >= 0 {
			s.asked[i] = o
			return
		}
		s.asked = append(s.asked, o)
	}
}
