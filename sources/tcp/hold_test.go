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
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// impatient are limits that are over long before a held source goes on.
var impatient = func() stage.Limits {
	l := stage.DefaultLimits
	l.FirstMessage, l.Read, l.Idle = 300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond
	return l
}()

// held runs a pipeline whose work waits at a gate, and tells when the first line has come to it. With a queue, work has a
// lane of its own, and the reading lane waits in a push when two lines are ahead.
func held(t *testing.T, s *tcp.Source, queued bool) (gate, entered chan struct{}, stop func() error) {
	t.Helper()
	gate, entered = make(chan struct{}), make(chan struct{}, 1000)
	p := pipeline.New("held", pipeline.Log(slog.New(slog.DiscardHandler)))
	text := line.Text(64 << 10)
	f := p.From(s).Via("decode", codec.Decode(text))
	if queued {
		f = f.Queue("queue", queue.Chan, queue.Cap(1), queue.Batch(1))
	}
	f.Via("work", stage.Do(func(*line.Line) { entered <- struct{}{}; <-gate })).To("reply", sinks.Reply(text))
	return gate, entered, start(t, p)
}

// All lanes are in use for longer than a first message may take. Whoever has sent one in time is answered; whoever has sent
// half of one, and has been read, is not excused.
func TestWhoWaitsForALaneIsNotLate(t *testing.T) {
	s := bound(t, tcp.Goroutines(), tcp.Limits(impatient), tcp.Lanes(1))
	gate, entered, stop := held(t, s, false)
	late := mustDial(t, s)
	eventually(t, s, "it is in", func() bool { return count(s, "accepted") == 1 })
	time.Sleep(100 * time.Millisecond) // so that it has been looked at, and waits for its peer
	first := mustDial(t, s)
	fmt.Fprintln(first, "hold")
	<-entered
	second := mustDial(t, s)
	fmt.Fprintln(second, "in time")
	eventually(t, s, "who sent nothing is late", func() bool { return count(s, "closed: first message") == 1 })
	refused(t, late)
	time.Sleep(3 * impatient.FirstMessage)
	close(gate)
	for c, want := range map[client]string{first: "hold\n", second: "in time\n"} {
		b := make([]byte, len(want))
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
			t.Errorf("%q, %v, not %q: %v", b, err, want, s.Gauges())
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// The queue is full in the middle of a message, whose rest has arrived and cannot be read.
func TestAFullQueueIsNotThePeersDelay(t *testing.T) {
	everyEngineAtOnce(t, func(t *testing.T, engine tcp.Option) {
		s := bound(t, engine, tcp.Limits(impatient))
		gate, entered, stop := held(t, s, true)
		c := mustDial(t, s)
		fmt.Fprintln(c, "first")
		<-entered
		want := append([]byte("first\nsecond\nthird\nfourth\n"), bytes.Repeat([]byte("x"), 40<<10)...) // in more than one read
		want = append(want, '\n')
		c.Write(want[len("first\n"):])
		time.Sleep(4 * impatient.Read)
		close(gate)
		b := make([]byte, len(want))
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if n, err := io.ReadFull(c, b); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%d of %d bytes came, %v: %v", n, len(want), err, s.Gauges())
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
