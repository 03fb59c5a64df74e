package stage_test

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// taken takes a kept message on a lane of its own and returns a copy of it with bytes of its own.
func taken(k *stage.Kept[msg]) msg {
	l := stagetest.NewLane("taken")
	m := *k.Take(l.Lane)
	m.Text = []byte(string(m.Text))
	l.End()
	return m
}

// pinned is how many slabs of l somebody holds.
func pinned(l *stagetest.Lane) int {
	all, free := l.Slabs()
	return all - free
}

func TestFewBytesAreCopiedAndManyPinTheirSlab(t *testing.T) {
	for _, c := range []struct{ size, pins int }{{0, 0}, {10, 0}, {stage.SlabSize / 16, 0}, {stage.SlabSize/16 + 1, 1}, {stage.SlabSize, 1}} {
		l := stagetest.NewLane("keep")
		a := stage.NewArena[msg](l.Lane)
		text := strings.Repeat("x", c.size)
		m := a.New().text(l.Lane, text)
		m.ID = 7
		k := stage.Retain(l.Lane, m)
		check(t, fmt.Sprintf("slabs pinned by %d bytes", c.size), pinned(l), c.pins)
		l.End()
		_, b := l.Bytes(stage.SlabSize)
		clear(b)
		l.End()
		if got := taken(k); got.ID != 7 || string(got.Text) != text {
			t.Errorf("a message with %d bytes came back with ID %d and %d bytes, which are right: %v", c.size, got.ID, len(got.Text), string(got.Text) == text)
		}
		check(t, "slabs pinned when it was taken", pinned(l), 0)
	}
}

// A message whose bytes Retain cannot find pins the slab, if it has any.
func TestBytesThatCannotBeMovedPinTheirSlab(t *testing.T) {
	type list struct{ items [][]byte }
	type odd struct {
		stage.Head
		Args   [][]byte
		List   *list
		Any    any
		Table  map[string][]byte
		Name   string
		F      func()
		Number *int
		Nested struct{ A, B []byte }
	}
	for _, c := range []struct {
		name string
		set  func(m *odd, b []byte)
		pins int
	}{
		{"no bytes", func(*odd, []byte) {}, 0},
		{"bytes in fields of fields", func(m *odd, b []byte) { m.Nested.A, m.Nested.B = b[:5], b[5:] }, 0},
		{"a list of slices", func(m *odd, b []byte) { m.Args = [][]byte{b} }, 1},
		{"a pointer to a list of slices", func(m *odd, b []byte) { m.List = &list{[][]byte{b}} }, 1},
		{"an interface", func(m *odd, b []byte) { m.Any = b }, 1},
		{"a map", func(m *odd, b []byte) { m.Table = map[string][]byte{"": b} }, 1},
		{"a function", func(m *odd, b []byte) { m.F = func() { clear(b) } }, 1},
		{"a string made with unsafe", func(m *odd, b []byte) { m.Name = unsafe.String(&b[0], len(b)) }, 1},
		{"a string", func(m *odd, b []byte) { m.Name = string(b) }, 0},
		{"a pointer to a number", func(m *odd, _ []byte) { m.Number = new(int) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := stagetest.NewLane("keep")
			a := stage.NewArena[odd](l.Lane)
			m := a.New()
			slab, b := l.Bytes(10)
			copy(b, "0123456789")
			m.SetSlab(slab)
			c.set(m, b)
			want := string(m.Nested.A) + string(m.Nested.B)
			k := stage.Retain(l.Lane, m)
			check(t, "slabs pinned", pinned(l), c.pins)
			l.End()
			got := k.Take(l.Lane)
			check(t, "bytes", string(got.Nested.A)+string(got.Nested.B), want)
			l.End()
			check(t, "slabs pinned when it was taken", pinned(l), 0)
		})
	}
}

func TestWhatIsKeptOwnsTheTicket(t *testing.T) {
	l, c := stagetest.NewLane("keep"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	m := request(l.Lane, a, c)
	k := stage.Retain(l.Lane, m)
	check(t, "the original owns the ticket", m.Open(), false)
	check(t, "tickets of the batch", l.OpenTickets(), 0)
	l.End()
	n, _ := c.Owed()
	check(t, "tickets owed", n, 1)

	other := stagetest.NewLane("other") // any lane may answer
	reply(other.Lane, k.Take(other.Lane), "answer")
	other.End()
	check(t, "written", c.Wrote(), "answer")

	dropped := stage.Retain(l.Lane, request(l.Lane, a, c))
	l.End()
	dropped.Take(other.Lane)
	other.End()
	n, _ = c.Owed()
	check(t, "tickets owed when the second was taken and dropped", n, 0)
}

func TestAKeptMessageIsTakenOnce(t *testing.T) {
	l := stagetest.NewLane("keep")
	a := stage.NewArena[msg](l.Lane)
	k := stage.Retain(l.Lane, a.New())
	check(t, "Keep into a full one panics with", fmt.Sprint(panics(func() { k.Keep(l.Lane, a.New()) })),
		"stage: this Kept still holds a message; Take it first")
	k.Take(l.Lane)
	const empty = "stage: this Kept holds no message; it was taken before"
	check(t, "a second Take panics with", fmt.Sprint(panics(func() { k.Take(l.Lane) })), empty)
	check(t, "Pass after Take panics with", fmt.Sprint(panics(func() { k.Pass("queue") })), empty)
	l.End()
	m := a.New()
	m.ID = 9
	k.Keep(l.Lane, m)
	check(t, "ID in a Kept that is used again", k.Take(l.Lane).ID, 9)
	l.End()
}

func TestPassGivesTicketAndBytesToTheCopyInAQueue(t *testing.T) {
	l, c := stagetest.NewLane("keep"), stagetest.NewConn(roomy)
	to := stagetest.NewLane("to")
	a := stage.NewArena[msg](l.Lane)
	m := request(l.Lane, a, c).text(l.Lane, strings.Repeat("x", stage.SlabSize/2))
	k := stage.Retain(l.Lane, m)
	l.End()
	slot := *k.Peek()
	k.Pass("queue")
	check(t, "kept", kept(l)["keep"], 0)
	check(t, "slabs pinned by the queue", pinned(l), 1)
	b := []*msg{&slot}
	stage.Adopt(to.Lane, "queue", b)
	reply(to.Lane, b[0], string(b[0].Text[:3]))
	to.End()
	check(t, "written", c.Wrote(), "xxx")
	check(t, "slabs pinned when the batch has ended", pinned(l), 0)
	n, _ := c.Owed()
	check(t, "tickets owed", n, 0)
}
