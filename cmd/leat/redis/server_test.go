package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
)

// redisServer starts a redis-server and returns the path of its socket.
func redisServer(t testing.TB, args ...string) (socket string) {
	t.Helper()
	return redistest.Unix(t, args...).Address
}

// A peer sends commands and reads replies, in the protocol's form.
type peer struct {
	testing.TB
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, network, address string) *peer {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Minute))
	return &peer{t, c, bufio.NewReader(c)}
}

// do sends a command, which is words with spaces between, and returns its reply.
func (c *peer) do(command string) string {
	c.Helper()
	c.write(resp.AppendCommand(nil, strings.Fields(command)...))
	return c.reply()
}

func (c *peer) write(b []byte) {
	c.Helper()
	if _, err := c.Write(b); err != nil {
		c.Fatal(err)
	}
}

// reply reads one reply and shows it as one line, with spaces for the ends of lines.
func (c *peer) reply() string {
	c.Helper()
	s, err := readReply(c.r)
	if err != nil {
		c.Fatalf("after %q: %v", s, err)
	}
	return s
}

func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return line, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return line, nil
		}
		b := make([]byte, n+2)
		_, err := io.ReadFull(r, b)
		return line + " " + string(b[:n]), err
	case '%':
		n *= 2
		fallthrough
	case '*', '>', '~':
		for range n {
			s, err := readReply(r)
			line += " " + s
			if err != nil {
				return line, err
			}
		}
	}
	return line, nil
}

// shardsOf are shards without replicas at these sockets, with names that sort.
func shardsOf(addresses ...string) (all []Shard) {
	for i, a := range addresses {
		all = append(all, Shard{Server: Server{Name: fmt.Sprintf("s%d", i), Address: "unix:" + a}})
	}
	return all
}
