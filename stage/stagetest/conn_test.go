package stagetest_test

import (
	"fmt"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// send writes text to c without a ticket, in a batch of its own.
func send(r *stagetest.Rig[word, word], c *stagetest.Conn, text string) {
	w := r.New()
	w.SetConn(&c.Conn)
	o := r.Lane.Outbox()
	o.Answer(&w.Head, append(o.Buffer(), text...))
	r.End()
}

func TestAConnTakesNoMoreThanTheTestAllows(t *testing.T) {
	r, c := stagetest.NewRig(upper), stagetest.NewConn(stage.DefaultLimits)
	send(r, c, "all ")
	check(t, "taken", c.Wrote(), "all ")
	c.Take(3)
	send(r, c, "of this")
	check(t, "taken with room for 3", c.Wrote(), "all of ")
	read, write := c.Wants()
	check(t, "wants to be read", read, true)
	check(t, "wants to be told of room", write, true)
	c.Take(1)
	check(t, "taken with room for 1 more", c.Wrote(), "all of t")
	c.Take(-1)
	check(t, "taken", c.Wrote(), "all of this")
	_, write = c.Wants()
	check(t, "wants to be told of room", write, false)
	check(t, "writes", c.Writes(), 4)
}

func TestAConnRemembersItsEnd(t *testing.T) {
	r, c := stagetest.NewRig(upper), stagetest.NewConn(stage.DefaultLimits)
	_, closed := c.Closed()
	check(t, "closed", closed, false)
	broken := fmt.Errorf("a test")
	c.Break(broken)
	send(r, c, "text")
	reason, closed := c.Closed()
	check(t, "closed", closed, true)
	check(t, "reason", reason, broken)
	check(t, "taken", c.Wrote(), "")
	check(t, "a sibling has the same terms", c.Sibling().Terms(), c.Terms())
}

func TestReadMakesASegmentAsASourceDoes(t *testing.T) {
	c := stagetest.NewConn(stage.DefaultLimits)
	r := stagetest.NewRig(stage.Do(func(*stage.Segment) {}))
	s := r.New()
	stagetest.Read(r.Lane.Lane, s, &c.Conn, "bytes")
	check(t, "bytes", string(s.Data), "bytes")
	check(t, "connection", s.Conn(), &c.Conn)
	if s.Slab() == nil {
		t.Error("the bytes do not lie in a slab")
	}
	empty := r.New()
	stagetest.Read(r.Lane.Lane, empty, &c.Conn, "")
	check(t, "bytes of an empty segment", len(empty.Data), 0)
	r.End()
}
