package kv

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

// run serves cfg on a loopback address until the test ends.
func run(t testing.TB, cfg Config, journal stage.SinkMaker[Call]) (s *Server, address string) {
	t.Helper()
	src := tcp.Listen("127.0.0.1:0")
	if err := src.Bind(); err != nil {
		t.Fatal(err)
	}
	s, stop := serve(t, cfg, src, journal)
	t.Cleanup(stop)
	return s, src.Addr().String()
}

// serve serves cfg to the connections of a source until the function that it returns is called.
func serve(t testing.TB, cfg Config, src pipeline.Source[stage.Segment], journal stage.SinkMaker[Call]) (s *Server, stop func()) {
	s = New(cfg)
	p := pipeline.New("kv", pipeline.Log(slog.New(slog.DiscardHandler)))
	s.Serve(p.From(src), queue.Chan[Call], journal)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	return s, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// A peer sends commands and reads replies, in the protocol's form.
type peer struct {
	testing.TB
	io.Writer
	r     *bufio.Reader
	Close func() error
}

func dial(t testing.TB, network, address string) *peer {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return &peer{t, c, bufio.NewReader(c), c.Close}
}

// send sends commands, each of which is words with spaces between.
func (c *peer) send(commands ...string) {
	c.Helper()
	var b []byte
	for _, cmd := range commands {
		b = resp.AppendCommand(b, strings.Fields(cmd)...)
	}
	c.write(b)
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

// ask sends commands together and wants their replies.
func (c *peer) ask(pairs ...string) {
	c.Helper()
	var commands []string
	for i := 0; i < len(pairs); i += 2 {
		commands = append(commands, pairs[i])
	}
	c.send(commands...)
	for i := 0; i < len(pairs); i += 2 {
		if got := c.reply(); got != pairs[i+1] {
			c.Fatalf("%s: got %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

// everywhere runs a test with each way of dividing the work.
func everywhere(t *testing.T, f func(t *testing.T, cfg Config)) {
	for _, workers := range []int{0, 1, 3} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) { f(t, Config{Workers: workers}) })
	}
}
