package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/leat-io/leat/internal/endpoint"
)

// A script is a check that is a few bytes to write and a few to read, or just a connection.
type script struct {
	open []byte // what a connection is sent first
	send []byte // what it is sent for each check
	most int    // bytes of a reply

	// judge looks at all that has come for this check. It returns how many bytes of that are the reply and what it says, or 0 and
	// no error for more. 0 and an error leave the connection unusable. Where there is no judge, to be connected is all.
	judge func(b []byte, fresh bool) (n int, err error)

	keep bool // replies have an end, so the connection can serve the next check
}

// Check implements Checker, with a connection for this check alone.
func (s *script) Check(ctx context.Context, address string) error {
	l := line{script: s}
	defer l.close()
	return l.check(ctx, address)
}

// errNoAnswer is for a peer that has ended the connection instead of answering.
var errNoAnswer = errors.New("the connection was closed instead of an answer")

// A line is a script with the connection that it keeps, by package net.
type line struct {
	*script
	conn  net.Conn
	since time.Time // when it was connected
}

func (l *line) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// check asks once. A kept connection may have ended, or hold something that was not asked for, so only a fresh one can fail for
// another reason than the time.
func (l *line) check(ctx context.Context, address string) error {
	if l.conn != nil {
		err := l.ask(ctx, false)
		if err == nil || ctx.Err() != nil {
			return err
		}
		l.close()
	}
	var d net.Dialer
	network, addr, err := endpoint.Of(address)
	if err != nil {
		return err
	}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return err
	}
	if t, ok := c.(*net.TCPConn); ok {
		t.SetLinger(0) // no descriptor and no port is held for a connection that is over
	}
	l.conn, l.since = c, time.Now()
	return l.ask(ctx, true)
}

// ask talks on the connection, and keeps it when it can serve another check.
func (l *line) ask(ctx context.Context, fresh bool) error {
	if l.judge == nil {
		l.close()
		return nil
	}
	c := l.conn // which may be closed when the context's function runs at last
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	rest, err := l.talk(fresh)
	if ended := !stop(); ended || rest != 0 || !l.keep {
		l.close()
		if ended && err != nil {
			err = context.Cause(ctx)
		}
	}
	return err
}

// talk returns how many bytes came behind the reply, or something else than 0 when the connection is of no use any more.
func (l *line) talk(fresh bool) (rest int, err error) {
	out := l.send
	if fresh {
		out = append(l.open[:len(l.open):len(l.open)], l.send...)
	}
	if len(out) > 0 {
		if _, err := l.conn.Write(out); err != nil {
			return -1, err
		}
	}
	b := make([]byte, 0, l.most)
	for {
		k, err := l.conn.Read(b[len(b):cap(b)])
		b = b[:len(b)+k]
		if k > 0 {
			n, verdict := l.judge(b, fresh)
			switch {
			case n > 0:
				return len(b) - n, verdict
			case verdict != nil:
				return -1, verdict
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return -1, ended(b)
		case err != nil:
			return -1, err
		case len(b) == cap(b):
			return -1, l.tooLong(b)
		}
	}
}

// ended is the error for a connection that ended behind b, which is not a reply.
func ended(b []byte) error {
	if len(b) == 0 {
		return errNoAnswer
	}
	return replyError("the connection ended behind an unfinished reply", b)
}

func (s *script) tooLong(b []byte) error {
	return replyError(fmt.Sprintf("there is no whole reply in %d bytes", s.most), b)
}
