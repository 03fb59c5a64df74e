package streams_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A reader is a lane that keeps sessions, without a pipeline.
type reader struct {
	*stagetest.Lane
	session stage.Stage[streams.Frame, streams.Message]
}

func newReader(mx *streams.Mux, name string) *reader {
	l := stagetest.NewLane(name)
	return &reader{l, mx.Session()(l.Lane)}
}

// take has the lane deal with frames; the batch goes on.
func (r *reader) take(t *testing.T, c *stagetest.Conn, frames ...streams.Frame) []*streams.Message {
	t.Helper()
	var in []*streams.Frame
	for i := range frames {
		frames[i].SetConn(&c.Conn)
		in = append(in, &frames[i])
	}
	out, err := r.session.Process(nil, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// begin is what every client sends first.
func begin() []streams.Frame {
	b := greeting(mux.DefaultSettings)
	return []streams.Frame{
		{Frame: mux.Frame{Payload: b[:mux.PrefaceSize]}},
		frameOf(mux.Setting, 0, 0, b[mux.PrefaceSize+mux.HeaderSize:]),
	}
}

func frameOf(t mux.Type, f mux.Flags, stream uint32, payload []byte) streams.Frame {
	return streams.Frame{Frame: mux.Frame{Header: mux.NewHeader(len(payload), t, f, stream), Payload: payload}}
}

// wrote counts the frames of a type that a connection was sent.
func wrote(c *stagetest.Conn, of mux.Type) (n int) {
	b := []byte(c.Wrote())
	for b = b[min(mux.PrefaceSize, len(b)):]; len(b) > 0; {
		h := mux.ReadHeader(b)
		if b = b[mux.HeaderSize+h.Len():]; h.Type() == of {
			n++
		}
	}
	return n
}

func newMux(t *testing.T) *streams.Mux {
	t.Helper()
	mx, err := streams.New(streams.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return mx
}

// A source with a goroutine for each connection has it read by one lane after the other, whose batches may have the same number.
func TestAnyLaneAnswersWhatItReads(t *testing.T) {
	mx := newMux(t)
	a, b, c := newReader(mx, "a"), newReader(mx, "b"), stagetest.NewConn(stage.DefaultLimits)
	a.take(t, c, begin()...)
	a.End()
	for i, r := range []*reader{b, a, b} {
		r.take(t, c, frameOf(mux.Ping, 0, 0, make([]byte, 8)))
		r.End()
		if n := wrote(c, mux.Pong); n != i+1 {
			t.Errorf("of %d PING %d are answered", i+1, n)
		}
	}
}

// Another lane has made an answer, and writes it behind its batch. That must not cost the client the reason of the end.
func TestTheReasonOfAnEndIsWrittenWhoeverElseIsAboutToWrite(t *testing.T) {
	mx := newMux(t)
	r, l, c := newReader(mx, "reads"), stagetest.NewLane("serves"), stagetest.NewConn(stage.DefaultLimits)
	r.take(t, c, begin()...)
	r.End()
	send := streams.Send()(l.Lane)
	send.Push(r.take(t, c, frameOf(mux.Open, 0, 1, nil), frameOf(mux.Data, 0, 1, []byte("hello"))))
	r.End()
	r.take(t, c, frameOf(mux.Data, 0, 9, []byte("on no stream")))
	r.End()
	l.End()
	if wrote(c, mux.GoAway) != 1 {
		t.Error("the connection ended without a reason")
	}
	if wrote(c, mux.Data) != 1 {
		t.Error("the answer that was made before is lost")
	}
}

// An instance that is replaced, because a stage of the same node has failed, leaves its connections to the new one.
func TestSessionsOutliveTheInstanceThatKeepsThem(t *testing.T) {
	mx := newMux(t)
	r, c := newReader(mx, "reads"), stagetest.NewConn(stage.DefaultLimits)
	r.take(t, c, begin()...)
	r.Remake("reads")
	r.session = mx.Session()(r.Lane.Lane)
	r.End()
	if wrote(c, mux.Setting) != 1 {
		t.Error("what the old instance had to write is lost")
	}
	r.session.(stage.Leaver).Leave()
	if wrote(c, mux.GoAway) != 1 {
		t.Error("the new instance does not know the connection")
	}
}

// What clients have sent while a stage held the lane could not be read: they are not dead. Those that say nothing behind that are.
func TestALaneThatWasHeldTakesNobodyForDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := newReader(newMux(t), "reads"), stagetest.NewConn(stage.DefaultLimits)
		r.take(t, c, begin()...)
		r.End()
		tick := func() {
			_, next := r.session.(stage.Ticker[streams.Message]).Tick(nil, time.Now())
			r.End()
			time.Sleep(time.Until(next))
		}
		tick()
		time.Sleep(2 * mux.DefaultSettings.Keepalive)
		for began := time.Now(); time.Since(began) < mux.DefaultSettings.Keepalive-time.Second; tick() {
			if wrote(c, mux.GoAway) > 0 {
				t.Fatalf("taken for dead after %v", time.Since(began))
			}
		}
		for range 8 {
			tick()
		}
		if wrote(c, mux.GoAway) != 1 {
			t.Error("a client that says nothing is not taken for dead")
		}
	})
}
