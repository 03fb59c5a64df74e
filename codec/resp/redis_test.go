package resp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/resp"
)

// startRedis starts a redis-server and returns the path of its socket. It is a unix socket because that keeps what was sent
// when the server closes without having read everything; TCP answers with a reset, which discards it.
func startRedis(t *testing.T, options ...string) string {
	t.Helper()
	server, err := findRedis()
	if err != nil {
		t.Skip("there is no redis-server to compare with; Debian has it in redis-server")
	}
	dir, err := os.MkdirTemp("", "resp") // t.TempDir may be longer than a path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "redis.sock")
	var output bytes.Buffer
	cmd := exec.Command(server, append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir}, options...)...)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Skipf("there is no redis-server that runs here: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("redis-server ended:\n%s", output.Bytes())
		default:
		}
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return socket
		}
	}
	t.Fatal("redis-server does not accept connections")
	return ""
}

func findRedis() (string, error) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/bin", "/usr/sbin", "/usr/local/bin"} {
		path := filepath.Join(dir, "redis-server")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// askRedis sends the chunks on a connection of their own and returns all that comes back until the connection ends. When
// the server is expected to go on, the connection is ended behind the bytes that are expected.
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
