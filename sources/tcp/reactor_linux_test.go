package tcp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

func TestAConnectionAtRestCostsAQuarterOfAKilobyte(t *testing.T) {
	if tcp.LinkSize > 224 {
		t.Errorf("it costs %d bytes", tcp.LinkSize)
	}
}

// At the stop, the next connection was to be accepted soon. What is left of the drain must not wait for that over and over.
func TestALoopSleepsInADrain(t *testing.T) {
	s := bound(t, tcp.Reactor(2), tcp.AcceptRate(20, 1))
	gate, entered, stop := held(t, s, true)
	first, second := mustDial(t, s), mustDial(t, s)
	fmt.Fprintln(first, "first")
	fmt.Fprintln(second, "second")
	<-entered
	done := make(chan error)
	go func() { done <- stop() }()
	time.Sleep(150 * time.Millisecond) // it would have been accepted by now
	before := tcp.Turns(s)
	time.Sleep(100 * time.Millisecond)
	if n := tcp.Turns(s) - before; n > 20 {
		t.Errorf("%d turns in a tenth of a second", n)
	}
	close(gate)
	answered(t, first, "first\n")
	answered(t, second, "second\n")
	first.Close()
	second.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A stopped source looks at what happens between its stop and its close.
type stopped struct {
	*tcp.Source
	look func()
}

func (s stopped) Stop(ctx context.Context) {
	s.Source.Stop(ctx)
	s.look()
}

// stuck runs a pipeline of two lanes, in which a line "hold" waits at a gate, with a short time for its end.
func stuck(t *testing.T, s *tcp.Source, look func()) (gate, holding chan struct{}, lines *atomic.Int64, stop func() error) {
	t.Helper()
	gate, holding = make(chan struct{}), make(chan struct{})
	lines = new(atomic.Int64)
	p := pipeline.New("stuck", pipeline.DrainTime(200*time.Millisecond), pipeline.Log(slog.New(slog.DiscardHandler)))
	text := line.Text(100)
	p.From(stopped{s, look}).Via("decode", codec.Decode(text)).Via("work", stage.Do(func(l *line.Line) {
		if string(l.Text) == "hold" {
			close(holding)
			<-gate
		}
		lines.Add(1)
	})).To("reply", sinks.Reply(text))
	return gate, holding, lines, start(t, p)
}

// One loop is held by a stage when the source stops, so the others are told to stop only when the time is over. However much
// they have to read, nothing goes through their lanes behind that.
func TestNothingIsPushedBehindAStopInVain(t *testing.T) {
	s := bound(t, tcp.Reactor(2))
	var lines *atomic.Int64
	var late int64
	gate, holding, lines, stop := stuck(t, s, func() {
		before := lines.Load()
		time.Sleep(100 * time.Millisecond)
		late = lines.Load() - before
	})
	culprit := mustDial(t, s) // on the first loop
	ask(t, culprit, "hello")
	var floods sync.WaitGroup
	for range 8 {
		c := mustDial(t, s)
		ask(t, c, "hello")
		floods.Go(func() {
			for b := bytes.Repeat([]byte("flood\n"), 10_000); ; {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		})
		floods.Go(func() { io.Copy(io.Discard, c) })
	}
	fmt.Fprintln(culprit, "hold")
	<-holding
	err := stop()
	var lost *pipeline.DrainError
	if !errors.As(err, &lost) {
		t.Errorf("a lane that is held was stopped: %v", err)
	}
	if late > 0 {
		t.Errorf("%d lines went through the lanes behind the stop", late)
	}
	close(gate)
	floods.Wait()
	<-tcp.Ended(s)
}

// The first loop is held until the end is over. Whoever waits in the backlog is not taken in then, and all loops end.
func TestALoopThatComesBackBehindTheEndEnds(t *testing.T) {
	s := bound(t, tcp.Reactor(2))
	gate, holding, _, stop := stuck(t, s, func() {})
	culprit := mustDial(t, s)
	fmt.Fprintln(culprit, "hold")
	<-holding
	var late []client
	for range 4 {
		c := mustDial(t, s)
		fmt.Fprintln(c, "in the backlog")
		late = append(late, c)
	}
	if err := stop(); err == nil {
		t.Error("a lane that is held was stopped")
	}
	close(gate)
	for _, c := range late {
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if b, err := io.ReadAll(c); len(b) > 0 || err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%q, %v", b, err)
		}
	}
	select {
	case <-tcp.Ended(s):
	case <-time.After(10 * time.Second):
		t.Error("the loops do not end")
	}
}

// A session is a session of a connection that knows whether it has been told of the end.
type session struct{ closed bool }

func (s *session) Closed(error) { s.closed = true }

// A connection is ended in the turn in which it was read. Its session hears of the end behind what was read.
func TestASessionEndsBehindTheLastMessage(t *testing.T) {
	s := bound(t, tcp.Reactor(1))
	conns, late := make(chan *stage.Conn, 1), make(chan bool, 1)
	p := pipeline.New("session", pipeline.Log(slog.New(slog.DiscardHandler)))
	text := line.Text(100)
	p.From(s).Via("decode", codec.Decode(text)).Via("session", stage.Do(func(l *line.Line) {
		r := &l.Conn().Reading
		if r.Session == nil {
			r.Session = &session{}
			conns <- l.Conn()
			return
		}
		late <- r.Session.(*session).closed
	})).To("reply", sinks.Reply(text))
	stop := start(t, p)
	c := mustDial(t, s)
	fmt.Fprintln(c, "first")
	tcp.ReadAndEnd(<-conns, func() {
		fmt.Fprintln(c, "last")
		c.CloseWrite()
		time.Sleep(20 * time.Millisecond) // until it has arrived
	}, stage.ErrIdle)
	if <-late {
		t.Error("the session was told of the end before the last message")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A lane that many share is held: that is logged once while it lasts, and once behind it with the name of the stage. A lane
// that sleeps, or waits for a queue, is not.
func TestWhoHoldsALaneIsNamed(t *testing.T) {
	for _, e := range engines {
		if !e.loops {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			s := bound(t, e.engine)
			var logged bytes.Buffer // of slog, which locks
			p := pipeline.New("held", pipeline.Log(slog.New(slog.NewTextHandler(&logged, nil))))
			text := line.Text(100)
			p.From(s).Via("decode", codec.Decode(text)).Via("sluggish", stage.Do(func(l *line.Line) {
				if string(l.Text) == "hold" {
					time.Sleep(450 * time.Millisecond)
				}
			})).Via("behind", stage.Do(func(*line.Line) {})).To("reply", sinks.Reply(text))
			stop := start(t, p)
			c := mustDial(t, s)
			ask(t, c, "hello")
			time.Sleep(250 * time.Millisecond) // asleep
			ask(t, c, "hold")
			time.Sleep(250 * time.Millisecond)
			ask(t, c, "hello")
			c.Close()
			if err := stop(); err != nil {
				t.Error(err)
			}
			log := logged.String()
			if n := strings.Count(log, "has not turned for"); n != 1 {
				t.Errorf("logged %d times, not once: %s", n, log)
			}
			if n := strings.Count(log, "sluggish: it held lane"); n != 1 {
				t.Errorf("the stage is named %d times, not once: %s", n, log)
			}
		})
	}
}

// A loop that never sleeps, because others keep it busy, has read all the same what a silent peer has sent: nothing.
func TestABusyLoopExcusesNobody(t *testing.T) {
	s := bound(t, tcp.Reactor(1), tcp.Limits(impatient))
	served(t, s)
	ask(t, mustDial(t, s), "so that the loop runs")
	over := make(chan struct{})
	defer close(over)
	tcp.Spin(s, over)
	time.Sleep(impatient.FirstMessage) // longer than what excuses a peer
	silent := mustDial(t, s)
	eventually(t, s, "who says nothing is late", func() bool { return count(s, "closed: first message") == 1 })
	refused(t, silent)
}
