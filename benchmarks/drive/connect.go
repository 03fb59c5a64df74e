//go:build linux

package drive

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// sources is how many addresses of the loopback network connections come from, in turn. Who closes first keeps the pair of ports
// for a minute; with 28 000 ports for each address these last for more than a hundred thousand connections a second.
const sources = 250

// connect keeps Conns connections under way, each of which is opened, has one message answered, and is closed.
func (c *client) connect() (res Result, err error) {
	message := Pattern(1)
	opened := 0
	begin := func() error {
		opened++
		fd, err := c.dial(netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + opened%sources)}))
		if err != nil {
			return err
		}
		return send(fd, message)
	}
	for range c.Conns {
		if err := begin(); err != nil {
			return res, err
		}
	}
	got := make(map[int]int, c.Conns)
	s := span{client: c, began: time.Now()}
	for {
		ready, err := c.wait()
		if err != nil {
			return res, err
		}
		for _, ev := range ready {
			fd := int(ev.Fd)
			n, err := receive(fd, c.buf[:Message-got[fd]])
			if err != nil {
				return res, err
			}
			if got[fd] += n; got[fd] < Message {
				continue
			}
			if c.buf[n-1] != message[Message-1] {
				return res, errOther
			}
			delete(got, fd)
			if err := unix.Close(fd); err != nil {
				return res, err
			}
			s.done++
			if err := begin(); err != nil {
				return res, err
			}
		}
		if over, err := s.over(); err != nil {
			return res, err
		} else if over {
			return c.result(s.done, time.Since(s.began))
		}
	}
}
