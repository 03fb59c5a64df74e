package stage_test

import (
	"errors"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A mailbox is a socket of datagrams.
type mailbox struct {
	stage.Conn
	terms  stage.Terms
	failed []error
	shut   bool
}

func newMailbox() *mailbox {
	m := &mailbox{}
	m.terms.Failed = func(err error) { m.failed = append(m.failed, err) }
	m.Init(m, &m.terms)
	return m
}

var errNoStream = errors.New("it is no stream")

func (*mailbox) Write([]byte) (int, error) { return 0, errNoStream }
func (*mailbox) Want(_, _ bool)            {}
func (m *mailbox) Shut(error)              { m.shut = true }
func (*mailbox) Peer() string              { return "somebody" }

// A letter is a datagram.
type letter struct {
	stage.Head
	n int
}

var errBad = errors.New("it is bad")

func TestAFailureCostsADatagramAndNotItsSocket(t *testing.T) {
	m := newMailbox()
	r := stagetest.NewRig(stage.Do(func(l *letter) {
		switch l.n {
		case 1:
			l.Fail(errBad)
		case 2:
			panic("as it was told")
		}
	}))
	var b []*letter
	for i := range 4 {
		l := r.New()
		l.SetConn(&m.Conn)
		l.n = i
		b = append(b, l)
	}
	out, err := r.Push(b...)
	if err != nil || len(out) != 3 {
		t.Fatalf("%d came through, %v", len(out), err)
	}
	for _, l := range out {
		if l.Failed() != (l.n == 1) {
			t.Errorf("letter %d: failed is %v", l.n, l.Failed())
		}
	}
	if len(m.failed) != 2 || !errors.Is(m.failed[0], errBad) || !errors.Is(m.failed[1], stage.ErrPanic) {
		t.Error("the socket was told of", m.failed)
	}
	m.Finish(errBad)
	if m.Dead() || m.Finishing() || m.shut {
		t.Error("the socket has ended")
	}
	r.End()
}

func TestWhatIsMadeOfAFailedDatagramHasFailed(t *testing.T) {
	m := newMailbox()
	r := stagetest.NewRig(stage.Map(func(out, in *letter) {
		if in.n == 1 {
			in.Fail(errBad)
		}
	}))
	a, b := r.New(), r.New()
	a.SetConn(&m.Conn)
	b.SetConn(&m.Conn)
	b.n = 1
	out, err := r.Push(a, b)
	if err != nil || len(out) != 2 || out[0].Failed() || !out[1].Failed() {
		t.Error(out, err)
	}
	r.End()
}

func TestASinkOfConnectionsCostsADatagramAndNotItsSocket(t *testing.T) {
	m := newMailbox()
	l := stagetest.NewLane("answer")
	arena := stage.NewArena[letter](l.Lane)
	h := arena.New()
	h.SetConn(&m.Conn)
	o := l.Outbox()
	o.Answer(&h.Head, append(o.Buffer(), "answer"...))
	l.End()
	if len(m.failed) != 1 || !errors.Is(m.failed[0], errNoStream) || m.Dead() {
		t.Error(m.failed, m.Dead())
	}
}
