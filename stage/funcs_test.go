package stage_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// serve sends requests numbered from 0 through a stage, each of a connection of its own, and answers what comes out with
// its number.
func serve(t *testing.T, mk stage.Maker[msg, msg], n int) (rig *stagetest.Rig[msg, msg], conns []*stagetest.Conn) {
	t.Helper()
	rig = stagetest.NewRig(mk)
	first := stagetest.NewConn(roomy)
	var batch []*msg
	for i := range n {
		c := first.Sibling()
		m := rig.New()
		m.ID = i
		stagetest.Issue(rig.Lane.Lane, &c.Conn, m)
		conns, batch = append(conns, c), append(batch, m)
	}
	out, err := rig.Push(batch...)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range out {
		reply(rig.Lane.Lane, m, fmt.Sprint(m.ID))
	}
	rig.End()
	for i, c := range conns {
		if tickets, _ := c.Owed(); tickets != 0 {
			t.Fatalf("connection %d still owes %d tickets when the batch has ended", i, tickets)
		}
	}
	check(t, "answers ignored", first.Terms().Ignored.Load(), uint64(0))
	return rig, conns
}

// wrote is what each connection was answered, "-" for nothing and "!" for one that has been closed.
func wrote(conns []*stagetest.Conn) (s string) {
	for _, c := range conns {
		_, closed := c.Closed()
		switch {
		case closed:
			s += "!"
		case c.Wrote() == "":
			s += "-"
		default:
			s += c.Wrote()
		}
	}
	return s
}

// over panics for the given numbers.
func over(numbers ...int) func(*msg) {
	return func(m *msg) {
		if slices.Contains(numbers, m.ID) {
			panic(fmt.Sprintf("message %d", m.ID))
		}
	}
}

func TestAPanicCostsTheConnectionOfItsMessageAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		numbers []int
		want    string
	}{
		{nil, "01234567"},
		{[]int{0}, "!1234567"},
		{[]int{7}, "0123456!"},
		{[]int{3, 4}, "012!!567"},
		{[]int{0, 2, 4, 6}, "!1!3!5!7"},
		{[]int{0, 1, 2, 3, 4, 5, 6, 7}, "!!!!!!!!"},
	} {
		f := over(c.numbers...)
		for name, mk := range map[string]stage.Maker[msg, msg]{
			"Do":     stage.Do(f),
			"Filter": stage.Filter(func(m *msg) bool { f(m); return true }),
			"Map":    stage.Map(func(out, in *msg) { f(in); out.ID = in.ID }),
			"FlatMap": stage.FlatMap(func(in *msg, emit func() *msg) {
				emit().ID = in.ID
				f(in)
			}),
			"Split": stage.Then(stage.Split(func(in *msg, emit func() *msg) {
				emit().ID, emit().ID = in.ID, in.ID
				f(in)
			}), stage.Gather[msg]()),
		} {
			t.Run(fmt.Sprint(name, c.numbers), func(t *testing.T) {
				r, conns := serve(t, mk, 8)
				check(t, "answers", wrote(conns), c.want)
				check(t, "panics counted", r.Lane.Counts()[1].Panics, uint64(len(c.numbers)))
				check(t, "panics reported", len(r.Lane.Reported()), len(c.numbers))
				for _, err := range r.Lane.Reported() {
					if !errors.Is(err, stage.ErrPanic) {
						t.Errorf("reported %v", err)
					}
				}
				for _, n := range c.numbers {
					reason, _ := conns[n].Closed()
					if s := reason.Error(); !strings.HasPrefix(s, "the stage: ") || !strings.HasSuffix(s, fmt.Sprint(": message ", n)) {
						t.Errorf("connection %d is closed because %s", n, s)
					}
				}
			})
		}
	}
}

func TestAMessageWithoutAConnectionMayPanicToo(t *testing.T) {
	r := stagetest.NewRig(stage.Do(over(0)))
	out, _ := r.Push(r.New())
	check(t, "messages", len(out), 0)
	check(t, "panics", r.Lane.Counts()[1].Panics, uint64(1))
}

func TestMessagesThatAStageDropsLeaveTheirTicketsVoid(t *testing.T) {
	r := stagetest.NewRig(stage.Filter(func(m *msg) bool { return m.ID%2 == 1 }))
	c := stagetest.NewConn(roomy)
	for range 3 {
		var batch []*msg
		for i := range 6 {
			m := r.New()
			m.ID = i
			batch = append(batch, m)
		}
		stagetest.Issue(r.Lane.Lane, &c.Conn, batch...)
		out, _ := r.Push(batch...)
		for _, m := range out {
			reply(r.Lane.Lane, m, fmt.Sprint(m.ID))
		}
		r.End()
	}
	check(t, "written", c.Wrote(), "135135135")
	n, _ := c.Owed()
	check(t, "tickets owed", n, 0)
}
