//go:build linux

package drive

import (
	"slices"
	"time"
)

// closed keeps a window of Depth messages in flight on each connection: when it has come back, the next is sent.
func (c *client) closed() (res Result, err error) {
	fds, err := c.dialAll()
	if err != nil {
		return res, err
	}
	window := Pattern(c.Depth)
	got := make([]int, slices.Max(fds)+1) // bytes of the window, by descriptor
	for _, fd := range fds {
		if err := send(fd, window); err != nil {
			return res, err
		}
	}
	s := span{client: c, began: time.Now()}
	for {
		ready, err := c.wait()
		if err != nil {
			return res, err
		}
		for _, ev := range ready {
			whole, err := c.answer(int(ev.Fd), window, &got[ev.Fd])
			if err != nil {
				return res, err
			}
			if whole {
				s.done += int64(c.Depth)
			}
		}
		if over, err := s.over(); err != nil {
			return res, err
		} else if over {
			return c.result(s.done, time.Since(s.began))
		}
	}
}

// answer reads what has come; when a whole window is there it sends the next.
func (c *client) answer(fd int, window []byte, got *int) (whole bool, err error) {
	n, err := receive(fd, c.buf[:len(window)-*got])
	if n == 0 {
		return false, err
	}
	if c.buf[0] != window[*got] || c.buf[n-1] != window[*got+n-1] {
		return false, errOther
	}
	if *got += n; *got < len(window) {
		return false, nil
	}
	*got = 0
	return true, send(fd, window)
}
