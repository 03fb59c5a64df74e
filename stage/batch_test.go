package stage_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// ids lists the numbers of messages.
func ids(b []*msg) (s string) {
	for _, m := range b {
		s += fmt.Sprint(m.ID, " ")
	}
	return s
}

// numbered makes n messages, of requests of c, that go on counting from where the last ones ended.
func numbered(r *stagetest.Rig[msg, msg], c *stagetest.Conn, n int) (b []*msg) {
	for range n {
		m := r.New().text(r.Lane.Lane, "some text")
		stagetest.Issue(r.Lane.Lane, &c.Conn, m)
		m.ID = int(m.Seq())
		b = append(b, m)
	}
	return b
}

func TestBatchHoldsUntilThereAreEnough(t *testing.T) {
	r, c := stagetest.NewRig(stage.Batch[msg](5, time.Hour)), stagetest.NewConn(roomy)
	push := func(n int, want string) {
		t.Helper()
		out, _ := r.Push(numbered(r, c, n)...)
		check(t, fmt.Sprintf("after %d more", n), ids(out), want)
		for _, m := range out {
			check(t, "text", string(m.Text), "some text")
			reply(r.Lane.Lane, m, fmt.Sprint(m.ID, " "))
		}
		r.End()
	}
	push(2, "")
	push(2, "")
	push(3, "0 1 2 3 4 5 6 ")
	push(6, "7 8 9 10 11 12 ")
	push(4, "")
	push(1, "13 14 15 16 17 ")
	check(t, "written", c.Wrote(), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 ")
	push(1, "")
	n, _ := c.Owed()
	check(t, "tickets owed", n, 1)
	check(t, "flushed", ids(r.Flush()), "18 ")
	r.End()
	check(t, "flushed again", ids(r.Flush()), "")
	n, _ = c.Owed()
	check(t, "tickets owed when what was flushed was dropped", n, 0)
}

func TestBatchHoldsNoLongerThanItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := stagetest.NewRig(stage.Batch[msg](5, 10*time.Millisecond)), stagetest.NewConn(roomy)
		began := time.Now()
		tick := func(want string, in time.Duration) {
			t.Helper()
			out, next := r.Tick(time.Now())
			check(t, fmt.Sprint("at ", time.Since(began)), ids(out), want)
			if want := began.Add(in); in > 0 && !next.Equal(want) || in == 0 && !next.IsZero() {
				t.Fatalf("at %v: wants to be called again at %v", time.Since(began), next.Sub(began))
			}
			r.End()
		}
		tick("", 0)
		time.Sleep(3 * time.Millisecond)
		r.Push(numbered(r, c, 2)...)
		r.End()
		tick("", 13*time.Millisecond)
		time.Sleep(9 * time.Millisecond)
		r.Push(numbered(r, c, 1)...) // the first decides
		r.End()
		tick("", 13*time.Millisecond)
		time.Sleep(time.Millisecond)
		tick("0 1 2 ", 0)
		tick("", 0)
	})
}

func TestBatchIsTunedWhileItRuns(t *testing.T) {
	r, c := stagetest.NewRig(stage.Batch[msg](5, time.Hour)), stagetest.NewConn(roomy)
	params := map[string]stage.Param{}
	for _, p := range r.Stage.(stage.Tunable).Params() {
		params[p.Name] = p
	}
	check(t, "count", params["count"].Get(), "5")
	check(t, "wait", params["wait"].Get(), "1h0m0s")
	check(t, "error", params["count"].Set("2"), nil)
	check(t, "error", params["wait"].Set("5ms"), nil)
	check(t, "wait", params["wait"].Get(), "5ms")
	if params["count"].Set("0") == nil || params["count"].Set("x") == nil || params["wait"].Set("-1s") == nil || params["wait"].Set("7") == nil {
		t.Error("nonsense was accepted")
	}
	out, _ := r.Push(numbered(r, c, 2)...)
	check(t, "with a count of two", ids(out), "0 1 ")
	r.End()
	if panics(func() { stage.Batch[msg](0, time.Second) }) == nil || panics(func() { stage.Batch[msg](1, 0) }) == nil {
		t.Error("a batch of nothing, or for no time, was made")
	}
}
