//go:build linux

package drive

import (
	"crypto/tls"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// Request is a message that is also a request of HTTP, so that a server that echoes and one that answers it can be compared. The
// answer has at least as many bytes.
func Request() []byte {
	const begin, end = "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "\r\n\r\n"
	b := []byte(begin)
	for len(b) < Message-len(end) {
		b = append(b, '.')
	}
	return append(b, end...)
}

// shake keeps Conns connections under way, each of which is opened, shakes hands, has one request answered, and is closed.
func (c *client) shake() (res Result, err error) {
	var done atomic.Int64
	failed := make(chan error, c.Conns)
	for range c.Conns {
		go func() {
			var sessions tls.ClientSessionCache
			if c.Secret.Resumed {
				sessions = tls.NewLRUClientSessionCache(1)
			}
			for first := true; ; first = false {
				if err := c.one(sessions, !first); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		}()
	}
	wait := func(d time.Duration) error {
		select {
		case err := <-failed:
			return err
		case <-time.After(d):
			return nil
		}
	}
	if err := wait(c.Warm); err != nil {
		return res, err
	}
	if c.cpu, err = c.spent(); err != nil {
		return res, err
	}
	began, before := time.Now(), done.Load()
	for over := began.Add(silence); done.Load() == before && time.Now().Before(over) || time.Since(began) < c.Length; {
		if err := wait(c.Length); err != nil {
			return res, err
		}
	}
	return c.result(done.Load()-before, time.Since(began))
}

// one is one connection; where sessions are kept, all but the first must be resumed.
func (c *client) one(sessions tls.ClientSessionCache, again bool) error {
	nc, err := c.Secret.Dial(c.Addr.String(), sessions)
	if err != nil {
		return err
	}
	defer func() { _ = nc.Close() }() // what was asked for has come
	if sessions != nil && again && !nc.ConnectionState().DidResume {
		return errors.New("the server did not resume a session")
	}
	if err := nc.SetDeadline(time.Now().Add(silence)); err != nil {
		return err
	}
	if _, err := nc.Write(Request()); err != nil {
		return err
	}
	_, err = io.ReadAtLeast(nc, make([]byte, 4096), Message)
	return err
}
