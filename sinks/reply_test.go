package sinks_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

type answer struct {
	stage.Head
	Text string
}

var errEncoder = errors.New("a test")

// An encoder puts brackets around a text, and does badly on some.
type encoder struct{}

func (encoder) Append(b []byte, v *answer) ([]byte, error) {
	b = append(append(append(b, '['), v.Text...), ']')
	switch v.Text {
	case "error":
		return b, errEncoder
	case "panic":
		panic("a test")
	case "short":
		return nil, nil
	}
	return b, nil
}

// A fixture is one lane with a sink and some connections.
type fixture struct {
	*stagetest.Lane
	sink  stage.Sink[answer]
	arena *stage.Arena[answer]
	conns []*stagetest.Conn
}

func fixtureOf(mk stage.SinkMaker[answer], conns int) *fixture {
	l := stagetest.NewLane("sink")
	f := &fixture{Lane: l, sink: mk(l.Lane), arena: stage.NewArena[answer](l.Lane)}
	c := stagetest.NewConn(stage.DefaultLimits)
	for range conns {
		f.conns = append(f.conns, c.Sibling())
	}
	return f
}

// request makes the next request of a connection, whose answer is to be text.
func (f *fixture) request(conn int, text string) *answer {
	a := f.arena.New()
	a.Text = text
	stagetest.Issue(f.Lane.Lane, &f.conns[conn].Conn, a)
	return a
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func TestReplyAnswersInTheOrderOfTheRequests(t *testing.T) {
	f := fixtureOf(sinks.Reply(encoder{}), 2)
	a, b, c, d := f.request(0, "a"), f.request(0, "b"), f.request(1, "c"), f.request(0, "d")
	f.sink.Push([]*answer{d, c, b})
	f.sink.Push([]*answer{a})
	check(t, "written before the end of the batch", f.conns[0].Wrote()+f.conns[1].Wrote(), "")
	f.End()
	check(t, "written", f.conns[0].Wrote(), "[a][b][d]")
	check(t, "written to the other", f.conns[1].Wrote(), "[c]")
	check(t, "writes", f.conns[0].Writes(), 1)
}

func TestRepliesOfSeveralLanesAreOneOrder(t *testing.T) {
	from := fixtureOf(sinks.Reply(encoder{}), 1)
	var kept []*stage.Kept[answer]
	for i := range 20 {
		kept = append(kept, stage.Retain(from.Lane.Lane, from.request(0, fmt.Sprint(i))))
	}
	from.End()
	var lanes []*fixture
	for range 3 {
		lanes = append(lanes, fixtureOf(sinks.Reply(encoder{}), 0))
	}
	for i := range kept {
		f := lanes[i%3]
		f.sink.Push([]*answer{kept[(i*7)%20].Take(f.Lane.Lane)})
		if i%4 == 0 {
			f.End()
		}
	}
	for _, f := range lanes {
		f.End()
	}
	want := ""
	for i := range 20 {
		want += fmt.Sprintf("[%d]", i)
	}
	check(t, "written", from.conns[0].Wrote(), want)
}

func TestReplySendsMessagesWithoutATicketToo(t *testing.T) {
	f := fixtureOf(sinks.Reply(encoder{}), 1)
	push := f.arena.New()
	push.SetConn(&f.conns[0].Conn)
	push.Text = "push"
	f.sink.Push([]*answer{f.request(0, "a"), push, f.request(0, "b")})
	f.End()
	check(t, "written", f.conns[0].Wrote(), "[a][push][b]")
}

func TestAnEncoderThatGoesWrongCostsTheConnectionOfItsMessage(t *testing.T) {
	for what, label := range map[string]string{"error": "failed", "panic": "panic", "short": "panic"} {
		t.Run(what, func(t *testing.T) {
			f := fixtureOf(sinks.Reply(encoder{}), 3)
			f.sink.Push([]*answer{f.request(0, "before"), f.request(1, "fine"), f.request(1, what), f.request(1, "lost"), f.request(2, "after")})
			f.End()
			check(t, "the connection before it", f.conns[0].Wrote(), "[before]")
			check(t, "the connection behind it", f.conns[2].Wrote(), "[after]")
			reason, closed := f.conns[1].Closed()
			check(t, "closed", closed, true)
			check(t, "label of the reason", stage.LabelOf(reason), label)
			for _, c := range f.conns {
				n, _ := c.Owed()
				check(t, "tickets owed", n, 0)
			}
			f.sink.Push([]*answer{f.request(2, "again")})
			f.End()
			check(t, "the next batch", f.conns[2].Wrote(), "[after][again]")
		})
	}
}

func TestDiscardLeavesTicketsVoid(t *testing.T) {
	f := fixtureOf(sinks.Discard[answer](), 1)
	reply := sinks.Reply(encoder{})(f.Lane.Lane)
	dropped := f.request(0, "dropped")
	f.sink.Push([]*answer{dropped})
	reply.Push([]*answer{f.request(0, "answered")})
	f.End()
	check(t, "written", f.conns[0].Wrote(), "[answered]")
	n, _ := f.conns[0].Owed()
	check(t, "tickets owed", n, 0)
}

func TestReplyAllocatesNothing(t *testing.T) { stagetest.Allocs(t, 0, cycle()) }

// cycle is a batch of 32 messages without a ticket, their sink, and its end.
func cycle() func() {
	f := fixtureOf(sinks.Reply(encoder{}), 0)
	c := &deaf{}
	terms := &stage.Terms{Limits: stage.DefaultLimits}
	terms.Now.Store(1)
	c.Init(c, terms)
	batch := make([]*answer, 32)
	return func() {
		for i := range batch {
			batch[i] = f.arena.New()
			batch[i].Text = "twenty bytes or more"
		}
		stagetest.Issue(f.Lane.Lane, &c.Conn, batch...)
		f.sink.Push(batch)
		f.End()
	}
}

// deaf is a connection that remembers nothing of what is written to it.
type deaf struct{ stage.Conn }

func (*deaf) Write(b []byte) (int, error) { return len(b), nil }
func (*deaf) Want(_, _ bool)              {}
func (*deaf) Shut(error)                  {}
func (*deaf) Peer() string                { return "nobody" }

// One op is 32 answers to one connection.
func BenchmarkReply(b *testing.B) {
	f := cycle()
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*32), "ns/msg")
}
