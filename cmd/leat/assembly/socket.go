package assembly

import (
	"io/fs"
	"syscall"
	"time"

	"github.com/leat-io/leat/sources/tcp"
)

// Socket is the options of a server's connections. What is 0 is left to the kernel.
type Socket struct {
	NoDelay           bool
	KeepAlive         time.Duration // silence before the first probe; 0 sends none
	KeepAliveInterval time.Duration
	KeepAliveCount    int
	UserTimeout       time.Duration // for which sent bytes may go unacknowledged
	ReceiveBuffer     int           // bytes
	SendBuffer        int           // bytes
	DeferAccept       time.Duration // for which a connection without data waits in the kernel
	QuickAck          bool
	Congestion        string
	Backlog           int           // connections that wait to be accepted
	Linger            time.Duration // for which a close may wait for the peer; negative: the kernel's way
	Mode              uint32        // permissions of the file of a unix socket; 0 for what the umask leaves
	Inherited         syscall.Conn  // that listens already, to be served instead of opening one; nil for none
}

var defaultSocket = Socket{
	NoDelay: true, KeepAlive: 15 * time.Second, KeepAliveInterval: 15 * time.Second, KeepAliveCount: 9, Linger: -1,
}

// options are those that differ from what the source does anyway.
func (s Socket) options() (opts []tcp.Option) {
	add := func(yes bool, o tcp.Option) {
		if yes {
			opts = append(opts, o)
		}
	}
	d := defaultSocket
	add(s.NoDelay != d.NoDelay, tcp.NoDelay(s.NoDelay))
	add(s.KeepAlive != d.KeepAlive || s.KeepAliveInterval != d.KeepAliveInterval || s.KeepAliveCount != d.KeepAliveCount,
		tcp.KeepAlive(s.KeepAlive, s.KeepAliveInterval, s.KeepAliveCount))
	add(s.UserTimeout != 0, tcp.UserTimeout(s.UserTimeout))
	add(s.ReceiveBuffer != 0, tcp.ReceiveBuffer(s.ReceiveBuffer))
	add(s.SendBuffer != 0, tcp.SendBuffer(s.SendBuffer))
	add(s.DeferAccept != 0, tcp.DeferAccept(s.DeferAccept))
	add(s.QuickAck, tcp.QuickAck(true))
	add(s.Congestion != "", tcp.Congestion(s.Congestion))
	add(s.Backlog != 0, tcp.Backlog(s.Backlog))
	add(s.Linger >= 0, tcp.Linger(s.Linger))
	add(s.Inherited != nil, tcp.Inherit(s.Inherited))
	add(s.Mode != 0, tcp.Mode(fs.FileMode(s.Mode)))
	return opts
}
