//go:build linux

package pool_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// A plan is a proxy that is to be assembled. What is zero has a default.
type plan struct {
	traffic  pool.Traffic
	limits   func(*pool.Limits)
	engine   tcp.Option // one reactor
	queued   bool       // there is a queue before Forward
	behind   int        // capacity of a queue behind the replies
	slow     func()     // is called for each reply behind that queue
	forward  []pool.ForwardOption[resp.Command]
	source   []tcp.Option
	pipeline []pipeline.Option
	pool     []pool.Option
	encode   stage.Encoder[resp.Command]
}

// An assembly is a proxy that runs.
type assembly struct {
	up     *pool.Pool
	addr   string
	cancel func()
	ended  chan error

	mu     sync.Mutex
	closes map[pool.Reason]int
}

// The lease of a request follows from its name.
var leasing = pool.Leasing(func(m *resp.Command) pool.Lease {
	switch string(m.Arg(0)) {
	case "WAIT":
		return pool.Once
	case "HOLD":
		return pool.Hold
	case "DONE":
		return pool.Release
	case "LISTEN":
		return pool.Tunnel
	}
	return pool.Shared
})

// forgetful tells the pool of the end of a client.
type forgetful struct {
	up   *pool.Pool
	conn *stage.Conn
}

func (f forgetful) Closed(error) { f.up.Forget(f.conn) }

// assemble runs a proxy until the test ends.
func assemble(t testing.TB, p plan, addrs ...string) *assembly {
	t.Helper()
	a := &assembly{closes: map[pool.Reason]int{}, ended: make(chan error, 1)}
	if p.traffic.Refusal == nil {
		p.traffic.Refusal = refusal
	}
	limits := pool.DefaultLimits
	limits.Backoff, limits.MaxBackoff = 5*time.Millisecond, 50*time.Millisecond
	if p.limits != nil {
		p.limits(&limits)
	}
	var err error
	a.up, err = pool.New(servers(addrs...), balance.RoundRobin(), append([]pool.Option{
		pool.WithTraffic(p.traffic), pool.WithLimits(limits),
		pool.OnClose(func(_ *balance.Member, r pool.Reason, _ time.Duration) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.closes[r]++
		}),
	}, p.pool...)...)
	if err != nil {
		t.Fatal(err)
	}
	if p.engine == nil {
		p.engine = tcp.Reactor(1)
	}
	requests, replies := resp.Request(resp.Limits{}), resp.Reply(resp.Limits{})
	if p.encode == nil {
		p.encode = requests
	}
	src := tcp.Listen("127.0.0.1:0", append([]tcp.Option{p.engine}, p.source...)...)
	pl := pipeline.New("proxy", p.pipeline...)
	in := pl.From(src).Via("decode", codec.Decode(requests)).Via("mind", stage.Do(func(m *resp.Command) {
		if r := &m.Conn().Reading; r.Session == nil {
			r.Session = forgetful{a.up, m.Conn()}
		}
	}))
	if p.queued {
		in = in.Queue("requests", queue.Chan)
	}
	in.To("forward", a.up.Forward(p.encode, append([]pool.ForwardOption[resp.Command]{leasing}, p.forward...)...))
	out := pl.From(a.up.Replies()).Via("decode replies", codec.Decode(replies))
	if p.behind > 0 {
		out = out.Queue("replies behind", queue.Chan, queue.Cap(p.behind))
		if p.slow != nil {
			out = out.Via("slow", stage.Do(func(*resp.Message) { p.slow() }))
		}
	}
	out.To("reply", sinks.Reply(replies))
	if err := src.Bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel, a.addr = cancel, src.Addr().String()
	go func() { a.ended <- pl.Run(ctx) }()
	t.Cleanup(func() {
		if err := a.stop(); err != nil {
			t.Error(err)
		}
		for _, m := range a.up.Members() {
			if n := m.InFlight(); n != 0 {
				t.Errorf("at the end %d requests of %s are in flight", n, m.Name)
			}
		}
	})
	return a
}

// stop ends the proxy, once.
func (a *assembly) stop() error {
	a.cancel()
	err := <-a.ended
	a.ended <- nil
	return err
}

// closed is how many connections were closed for a reason.
func (a *assembly) closed(r pool.Reason) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closes[r]
}

// A dialogue is a client.
type dialogue struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func talk(t testing.TB, addr string) *dialogue {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return &dialogue{c, t, bufio.NewReader(c)}
}

// say sends requests in one write.
func (d *dialogue) say(requests ...string) *dialogue {
	d.t.Helper()
	var b []byte
	for _, r := range requests {
		b = resp.AppendCommand(b, strings.Fields(r)...)
	}
	if _, err := d.Write(b); err != nil {
		d.t.Fatal(err)
	}
	return d
}

// hear returns the next reply, or the error of reading it.
func (d *dialogue) hear() string {
	d.t.Helper()
	line, err := d.r.ReadString('\n')
	if err != nil {
		return err.Error()
	}
	if line[0] != '$' {
		return strings.TrimSpace(line)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	b := make([]byte, n+2)
	if _, err := io.ReadFull(d.r, b); err != nil {
		return err.Error()
	}
	return string(b[:n])
}

func (d *dialogue) wants(replies ...string) {
	d.t.Helper()
	for i, want := range replies {
		if got := d.hear(); got != want {
			d.t.Fatalf("reply %d is %q, want %q", i, got, want)
		}
	}
}

// numbered is a server that says on which of its connections a request has come.
func numbered(t testing.TB) *fake {
	f := newFake(t, nil)
	f.script = func(conn int, args []string, w io.Writer) bool { return tell(w, conn, args) }
	return f
}

func tell(w io.Writer, conn int, args []string) bool {
	_, err := w.Write(resp.AppendBulkString(nil, fmt.Sprintf("%d:%s", conn, args[len(args)-1])))
	return err == nil
}
