package tcp_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// As many connections as fit into one batch have something to say in each turn. One that has said more than one read takes
// gets on all the same.
func TestWhoeverIsNotReadAtOnceHasItsTurn(t *testing.T) {
	const busy = 256
	s := bound(t, tcp.Reactor(1))
	conns := make(chan *stage.Conn, 1)
	longs := 0
	p := pipeline.New("fair", pipeline.Log(slog.New(slog.DiscardHandler)))
	text := line.Text(100)
	p.From(s).Via("decode", codec.Decode(text)).Via("work", stage.Do(func(l *line.Line) {
		switch string(l.Text) {
		case "hello":
			conns <- l.Conn()
		case "long":
			longs++
		}
	})).To("reply", sinks.Reply(text))
	stop := start(t, p)
	var all []client
	var busyConns []*stage.Conn
	for range busy {
		c := mustDial(t, s)
		ask(t, c, "hello")
		all, busyConns = append(all, c), append(busyConns, <-conns)
	}
	long := mustDial(t, s)
	ask(t, long, "hello")
	flood := bytes.Repeat([]byte("long\n"), 12<<10) // 60 KiB; a read takes 16, and a turn what may be in flight
	longConn, got := []*stage.Conn{<-conns}, 0
	const turns = 7
	tcp.Rounds(s, turns, func(i int) []*stage.Conn {
		got = longs
		if i == 0 {
			long.Write(flood)
			time.Sleep(20 * time.Millisecond) // until it has arrived
			return longConn
		}
		for _, c := range all {
			fmt.Fprintln(c, "short")
		}
		return busyConns
	})
	if got < turns/2*stage.DefaultLimits.InFlight {
		t.Errorf("%d lines of %d were read in %d turns", got, 12<<10, turns)
	}
	answered(t, long, string(flood))
	for _, c := range all {
		c.CloseWrite()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if b, err := io.ReadAll(c); len(b) != (turns-1)*len("short\n") || err != nil {
			t.Fatalf("%q, %v", b, err)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
