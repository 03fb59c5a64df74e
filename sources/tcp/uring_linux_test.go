package tcp_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// needUring skips a test where the system refuses io_uring.
func needUring(t *testing.T) {
	t.Helper()
	if err := tcp.UringRefusal(); err != nil {
		t.Skip("this system has no io_uring for us: ", err)
	}
}

func TestIOUringServesWhereTheSystemHasIt(t *testing.T) {
	needUring(t)
	s := bound(t, tcp.IOUring(2))
	served(t, s)
	ask(t, mustDial(t, s), "hello")
	if got := gauge(s, "engine"); got != "io_uring, 2 loops" {
		t.Errorf("the engine is %q", got)
	}
}

func TestEpollServesWhereIOUringIsRefused(t *testing.T) {
	var logged bytes.Buffer
	s := bound(t, tcp.IOUring(2))
	tcp.RefuseUring(s, syscall.EPERM)
	p := pipeline.New("echo", pipeline.Log(slog.New(slog.NewTextHandler(&logged, nil))))
	text := line.Text(100)
	p.From(s).Via("decode", codec.Decode(text)).To("reply", sinks.Reply(text))
	stop := start(t, p)
	ask(t, mustDial(t, s), "hello")
	if got, want := gauge(s, "engine"), "epoll, 2 loops (io_uring: operation not permitted)"; got != want {
		t.Errorf("the engine is %q, not %q", got, want)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(logged.String(), "epoll serves instead of io_uring: operation not permitted"); n != 1 {
		t.Errorf("it is logged %d times: %s", n, &logged)
	}
}

func TestARequestThroughIOUringCostsNoMemory(t *testing.T) {
	needUring(t)
	s := bound(t, tcp.IOUring(1))
	served(t, s)
	c := mustDial(t, s)
	b := []byte("hello\n")
	stagetest.Allocs(t, 0, func() {
		c.Write(b)
		if _, err := io.ReadFull(c, b); err != nil {
			t.Error(err)
		}
	})
}

// A connection that is not read receives no more after what it may keep, and goes on with every byte in order.
func TestAConnectionThatIsNotReadStopsReceiving(t *testing.T) {
	needUring(t)
	const lines, size = 3000, 4 << 10
	s := bound(t, tcp.IOUring(1), tcp.ReceiveBuffer(64<<10))
	gate := make(chan struct{})
	p := pipeline.New("gated", pipeline.Log(slog.New(slog.DiscardHandler)))
	text := line.Text(size)
	p.From(s).Via("decode", codec.Decode(text)).Queue("queue", queue.Chan, queue.Cap(1), queue.Batch(1)).
		Via("work", stage.Blocking(stage.Do(func(*line.Line) { <-gate }))).To("reply", sinks.Reply(text))
	stop := start(t, p)
	c := mustDial(t, s)
	c.SetDeadline(time.Now().Add(30 * time.Second))
	all := make([]byte, 0, lines*size)
	for i := range lines {
		all = append(all, bytes.Repeat([]byte{'a' + byte(i%26)}, size-1-i%1000)...)
		all = append(all, '\n')
	}
	var sent sync.WaitGroup
	sent.Go(func() { c.Write(all) })
	var before, after int
	eventually(t, s, "nothing more is received", func() bool {
		before = after
		after = int(p.Stats().Node("tcp").BytesIn)
		time.Sleep(50 * time.Millisecond)
		return after > 0 && after == before
	})
	if most := 3 << 20; after > most {
		t.Errorf("%d bytes were received of a connection that is not read, more than %d", after, most)
	}
	close(gate)
	got := make([]byte, len(all))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, all) {
		t.Errorf("%d bytes of %d came back, equal: %v, %v", n, len(all), bytes.Equal(got, all), err)
	}
	sent.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// More connections send at once than a loop has buffers: all of them are answered.
func TestMoreConnectionsThanBuffersAreServed(t *testing.T) {
	needUring(t)
	s := bound(t, tcp.IOUring(1))
	served(t, s)
	const conns = 600
	var all []net.Conn
	for range conns {
		all = append(all, mustDial(t, s))
	}
	for range 5 {
		for i, c := range all {
			fmt.Fprintln(c, "from", i)
		}
		for i, c := range all {
			want := fmt.Sprintln("from", i)
			b := make([]byte, len(want))
			c.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
				t.Fatalf("%q, %v, not %q", b, err, want)
			}
		}
	}
}

func TestLimitsOfAdmissionHoldForIOUring(t *testing.T) {
	needUring(t)
	s := bound(t, tcp.IOUring(2), tcp.MaxConnsPerAddress(2))
	served(t, s)
	for range 2 {
		ask(t, mustDial(t, s), "hello")
	}
	refused(t, mustDial(t, s))
	slow := bound(t, tcp.IOUring(2), tcp.AcceptRate(20, 1))
	served(t, slow)
	for range 5 {
		ask(t, mustDial(t, slow), "hello")
	}
	if n := count(slow, "accepts put off"); n == 0 {
		t.Error("nobody has waited in the backlog")
	}
}
