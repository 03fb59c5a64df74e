//go:build leakcheck

package stage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// caught expects f to panic with a sentence that has all the parts.
func caught(t *testing.T, f func(), parts ...string) {
	t.Helper()
	got := fmt.Sprint(panics(f))
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("panics with %q, in which %q is missing", got, p)
		}
	}
}

// batchOf makes a message of r with some bytes.
func batchOf(r *stagetest.Rig[msg, msg]) []*msg {
	return []*msg{r.New().text(r.Lane.Lane, "some text")}
}

// A hoarder passes on what it got in the batch before.
type hoarder struct{ last []*msg }

func (s *hoarder) Process(dst, src []*msg) ([]*msg, error) {
	dst = append(dst, s.last...)
	s.last = append(s.last[:0], src...)
	return dst, nil
}

func TestLeakcheckCatchesAMessageThatWasKeptWithoutRetain(t *testing.T) {
	r := stagetest.NewRig(func(*stage.Lane) stage.Stage[msg, msg] { return &hoarder{} })
	r.Push(batchOf(r)...)
	r.End()
	caught(t, func() { r.Push(batchOf(r)...) }, "the stage passed on a stage_test.msg", "taken back when batch 1 left lane", "Retain it")
}

func TestLeakcheckCatchesAKeptMessageThatIsPassedOnAfterItsBatch(t *testing.T) {
	r := stagetest.NewRig(func(*stage.Lane) stage.Stage[msg, msg] { return nothing{} })
	k := stage.Retain(r.Lane.Lane, batchOf(r)[0])
	r.End()
	m := k.Take(r.Lane.Lane)
	r.Push(m)
	r.End()
	caught(t, func() { r.Push(m) }, "was taken back")
}

// A bytesHoarder gives each message the bytes of the one before.
type bytesHoarder struct{ last []byte }

func (s *bytesHoarder) Process(_, b []*msg) ([]*msg, error) {
	for _, m := range b {
		if s.last != nil {
			m.Text, s.last = s.last, m.Text
		} else {
			s.last = m.Text
		}
	}
	return b, nil
}

func TestLeakcheckCatchesBytesThatWereKeptWithoutRetain(t *testing.T) {
	r := stagetest.NewRig(func(*stage.Lane) stage.Stage[msg, msg] { return &bytesHoarder{} })
	r.Push(batchOf(r)...)
	r.End()
	caught(t, func() { r.Push(batchOf(r)...) }, "the stage passed on", "field Text", "bytes that were taken back")
}

func TestLeakcheckCatchesAHeadThatDoesNotNameTheSlabOfItsBytes(t *testing.T) {
	nameless := stage.Map(func(out, in *msg) {
		out.Text = in.Text
		out.SetSlab(nil)
	})
	r := stagetest.NewRig(nameless)
	caught(t, func() { r.Push(batchOf(r)...) }, "field Text", "lies in a slab that its Head does not name")
}

func TestLeakcheckCatchesADoubleRelease(t *testing.T) {
	l := stagetest.NewLane("lane")
	a := stage.NewArena[msg](l.Lane)
	b := []*msg{a.New().text(l.Lane, "some text")}
	stage.Lend(l.Lane, "queue", b)
	stage.Unlend(l.Lane, "queue", b)
	caught(t, func() { stage.Unlend(l.Lane, "queue", b) }, "queue released a slab of lane lane of lane more often than it had retained it")
}

// holders lists who holds slabs of l.
func holders(l *stagetest.Lane) string {
	return strings.Join(stage.Holders(func(o *stage.Lane) bool { return o == l.Lane }), "; ")
}

func TestHoldersNamesTheNodeThatLeaks(t *testing.T) {
	l, other := stagetest.NewLane("first"), stagetest.NewLane("other")
	a := stage.NewArena[msg](l.Lane)
	long := func() *msg { return a.New().text(l.Lane, strings.Repeat("x", stage.SlabSize/8)) }
	k := stage.Retain(l.Lane, long())
	l.Enter(l.Making(2, "second"))
	stage.Retain(l.Lane, long())
	stage.Lend(l.Lane, "queue", []*msg{long(), long()})
	check(t, "holders", holders(l), "1 references on a slab of lane lane of first are held by first; "+
		"1 references on a slab of lane lane of first are held by second; "+
		"2 references on a slab of lane lane of first are held by queue")
	k.Take(other.Lane)
	other.End()
	l.DropKept("second")
	check(t, "holders", holders(l), "2 references on a slab of lane lane of first are held by queue")
}

// The lane behind a queue may be done with a message before the lane in front of it has said that it passed it on.
func TestPassMayComeAfterTheRelease(t *testing.T) {
	l, to := stagetest.NewLane("from"), stagetest.NewLane("to")
	a := stage.NewArena[msg](l.Lane)
	k := stage.Retain(l.Lane, a.New().text(l.Lane, strings.Repeat("x", stage.SlabSize/8)))
	slot := *k.Peek()
	stage.Adopt(to.Lane, "queue", []*msg{&slot})
	to.End()
	k.Pass("queue")
	check(t, "holders", holders(l), "")
}

func TestAReleaseOnTheWrongAccountIsNamed(t *testing.T) {
	l := stagetest.NewLane("lane")
	a := stage.NewArena[msg](l.Lane)
	b := []*msg{a.New().text(l.Lane, "some text")}
	stage.Lend(l.Lane, "queue", b)
	stage.Unlend(l.Lane, "another queue", b)
	check(t, "holders", holders(l), "1 references on a slab of lane lane of lane are held by queue; "+
		"another queue released a slab of lane lane of lane 1 times more often than it had retained it")
}

func TestWhatAQueueLendsIsNotUsedAgain(t *testing.T) {
	l := stagetest.NewLane("lane")
	slots := []*msg{{ID: 1}, {ID: 2}}
	lent := stage.Lent(slots)
	if lent[0] == slots[0] || lent[0].ID != 1 || lent[1].ID != 2 {
		t.Fatal("what is lent is not a copy")
	}
	stage.Buried(l.Lane, lent)
	caught(t, func() { stage.CheckLive(l.Lane, lent) }, "was taken back")
	check(t, "the slot of the queue", slots[0].ID, 1)
}
