package resp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/resp"
)

// askRedis sends the chunks on a connection of their own and returns all that comes back until the connection ends. When
// the server is expected to go on, the connection is ended behind the bytes that are expected. It is a unix socket because that
// keeps what was sent when the server closes without having read everything; TCP answers with a reset, which discards it.
func askRedis(socket string, chunks [][]byte, want reaction) ([]byte, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	for _, c := range chunks {
		if _, err := conn.Write(c); err != nil {
			if want.err != nil {
				break // it has closed by now
			}
			return nil, err
		}
	}
	got := make([]byte, 0, len(want.replies)+1)
	if want.err == nil {
		// A server that sees the end of its input at once may drop what it has not written yet.
		got = got[:len(want.replies)]
		if n, err := io.ReadFull(conn, got); err != nil {
			return got[:n], err
		}
		conn.(*net.UnixConn).CloseWrite()
	}
	rest, err := io.ReadAll(conn)
	if errors.Is(err, syscall.ECONNRESET) {
		err = nil // it had not read everything
	}
	return append(got, rest...), err
}

// A reaction is what a server does with some input.
type reaction struct {
	replies []byte
	err     error // for which it closes the connection
	left    int   // bytes of a request that is not complete
}

// A responder is as much of a server as the comparison needs, on a connection of its own.
type responder struct {
	feed *codectest.Feed[resp.Command]
	reaction
}

// likeRedis has the limits of redis 7.0. It closes over Total without a word, which no input here reaches.
var likeRedis = resp.Request(resp.Limits{Args: 1<<31 - 1, Total: 1<<31 - 1})

func newResponder() *responder {
	return &responder{feed: codectest.NewFeed(likeRedis, 1<<31-1)}
}

func (r *responder) push(chunk []byte) {
	r.err = r.feed.Push(chunk, func(_ []byte, c *resp.Command) { r.replies = appendAnswer(r.replies, c) })
	if r.left = r.feed.Left(); r.err != nil {
		r.replies = likeRedis.AppendRefusal(r.replies, r.err)
	}
}

func appendAnswer(b []byte, c *resp.Command) []byte {
	switch name := strings.ToLower(string(c.Arg(0))); {
	case name == "ping" && c.Len() == 1:
		return resp.AppendSimple(b, "PONG")
	case name == "ping" && c.Len() == 2, name == "echo" && c.Len() == 2:
		return resp.AppendBulk(b, c.Arg(1))
	case name == "ping", name == "echo":
		return resp.AppendError(b, "ERR wrong number of arguments for '"+name+"' command")
	}
	// commandCheckExistence of redis (server.c), which formats with %.128s: a NUL ends a string.
	const most = 128
	var args []byte
	for i := 1; i < c.Len() && len(args) < most; i++ {
		args = append(append(append(args, '\''), cString(c.Arg(i), most-len(args))...), "' "...)
	}
	return resp.AppendError(b, "ERR unknown command '"+string(cString(c.Arg(0), most))+"', with args beginning with: "+string(args))
}

// cString is b up to its first NUL, or its first n bytes.
func cString(b []byte, n int) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	return b[:min(len(b), n)]
}
