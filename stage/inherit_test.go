package stage_test

import (
	"fmt"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMapGivesTheTicketToWhatItMakes(t *testing.T) {
	r := stagetest.NewRig(stage.Map(func(out *reply2, in *msg) { out.Body = fmt.Sprint("number ", in.ID) }))
	c := stagetest.NewConn(roomy)
	m := r.New().text(r.Lane.Lane, "bytes")
	m.ID = 5
	stagetest.Issue(r.Lane.Lane, &c.Conn, m)
	out, _ := r.Push(m)
	check(t, "the input owns the ticket", m.Open(), false)
	check(t, "the output owns the ticket", out[0].Open(), true)
	check(t, "slab of the output", out[0].Slab(), m.Slab())
	o := r.Lane.Outbox()
	o.Answer(&out[0].Head, append(o.Buffer(), out[0].Body...))
	r.End()
	check(t, "written", c.Wrote(), "number 5")
}

type reply2 struct {
	stage.Head
	Body string
}

// Assigning a whole struct is natural in Go, and overwrites the Head of what Map and FlatMap have prepared.
func TestAFunctionMayAssignTheWholeStructOfWhatItMakes(t *testing.T) {
	for name, mk := range map[string]stage.Maker[msg, msg]{
		"Map":     stage.Map(func(out, in *msg) { *out = msg{ID: in.ID} }),
		"FlatMap": stage.FlatMap(func(in *msg, emit func() *msg) { *emit() = msg{ID: in.ID} }),
		"Split":   stage.Split(func(in *msg, emit func() *msg) { *emit() = msg{ID: in.ID} }),
		"FlatMap of parts": stage.FlatMap(func(in *msg, emit func() *msg) {
			*emit() = msg{ID: in.ID}
			emit().ID = in.ID
		}),
	} {
		t.Run(name, func(t *testing.T) {
			_, conns := serve(t, mk, 3)
			want := "012"
			if name == "FlatMap of parts" {
				want = "001122"
			}
			check(t, "answers", wrote(conns), want)
		})
	}
}

// A message for another connection answers nobody: the ticket of the request stays with the request.
func TestAFunctionMayGiveWhatItMakesToAnotherConnection(t *testing.T) {
	other := stagetest.NewConn(roomy)
	for name, mk := range map[string]stage.Maker[msg, msg]{
		"Map": stage.Map(func(out, in *msg) { out.ID = in.ID; out.SetConn(&other.Conn) }),
		"FlatMap": stage.FlatMap(func(in *msg, emit func() *msg) {
			out := emit()
			out.ID = in.ID
			out.SetConn(&other.Conn)
		}),
		"Do": stage.Do(func(m *msg) { m.SetConn(&other.Conn) }),
	} {
		t.Run(name, func(t *testing.T) {
			other = stagetest.NewConn(roomy)
			_, conns := serve(t, mk, 3)
			check(t, "answers", wrote(conns), "---")
			check(t, "messages of the other connection", other.Wrote(), "012")
		})
	}
}

func TestAStageOfItsOwnMovesATicketWithInherit(t *testing.T) {
	_, conns := serve(t, func(l *stage.Lane) stage.Stage[msg, msg] { return &converter{stage.NewArena[msg](l)} }, 4)
	check(t, "answers", wrote(conns), "0-2-")
}

// A converter makes other messages, of every second one.
type converter struct{ arena *stage.Arena[msg] }

func (s *converter) Process(dst, src []*msg) ([]*msg, error) {
	for _, in := range src {
		out := s.arena.New()
		out.Inherit(&in.Head)
		if out.ID = in.ID; in.ID%2 == 0 {
			dst = append(dst, out)
		}
	}
	return dst, nil
}
