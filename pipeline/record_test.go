package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// A note is a message with slices in slices, which pieces of a request have in common with nobody.
type note struct {
	row
	words [][]byte
}

// notes are all kinds of nodes: what they are given is recorded while clients talk.
func notes(t *testing.T, record int) (*pipeline.Pipeline, *pipeline.Recording) {
	t.Helper()
	src := mem.New(mem.Limits(unlimited))
	p := pipeline.New("notes")
	in := p.From(src).Via("decode", decoder).Via("upper", stage.Do(upper))
	short, long := in.Branch("short", func(l *row) bool { return len(l.Text) < 5 })
	noted := stage.Map(func(out *note, in *row) { out.Text, out.words = in.Text, bytes.Fields(in.Text) })
	split := long.
		Via("split", stage.Split(func(in *row, emit func() *row) {
			for range 2 {
				emit().Text = in.Text
			}
		})).
		Shard("by request", 2, stage.ByRequest, queue.Chan).
		Via("piece", stage.Do(func(*row) {})).
		Via("gather", stage.Gather[row]())
	first, second := pipeline.Merge(short, split).Via("note", noted).Tee("tee")
	second.To("discard", sinks.Discard[note]())
	first.
		Via("reverse", stage.Do(func(n *note) {
			slices.Reverse(n.words[0])
			slices.Reverse(n.words)
		})).
		Via("blocking", stage.Do(func(n *note) { n.Text = bytes.Join(n.words, []byte(" ")) })).
		Queue("queue", queue.Chan).
		To("reply", sinks.Reply(noteEncoder{}))
	rec := p.Record(record)
	stop := start(t, p)
	rec.Start()
	for c := range 3 {
		peer := dial(t, src)
		for i := range 40 {
			q := fmt.Sprintf("m%d %d", c, i%20)
			if i%2 == 1 {
				q = fmt.Sprintf("a long message %d of %d", i, c)
			}
			peer.Write([]byte(q[:1])) // so that there are tails
			peer.ask(t, q[1:])
		}
		peer.rest(t)
	}
	noError(t, stop())
	return p, rec
}

type noteEncoder struct{}

func (noteEncoder) Append(b []byte, n *note) ([]byte, error) { return text.Append(b, &n.row) }

// told says what a message is, whoever it answers.
func told(t testing.TB, s pipeline.Seen) string {
	who := fmt.Sprint(s.Node, " conn ", s.Conn, " request ", s.Seq, ": ")
	switch m := s.Message.(type) {
	case *row:
		return who + string(m.Text)
	case *note:
		return who + string(m.Text) + fmt.Sprintf(" %q", m.words)
	case *stage.Segment:
		return who + string(m.Data)
	}
	t.Fatalf("a message is a %T", s.Message)
	return ""
}

func TestANodeMakesOfItsRecordingWhatTheNodeBehindItWasGiven(t *testing.T) {
	_, rec := notes(t, 1000)
	given := map[string][]string{}
	var names []string
	for _, n := range rec.Nodes() {
		names = append(names, n.Name)
		in, err := rec.Inputs(n.Name)
		noError(t, err)
		equal(t, "messages of "+n.Name, len(in), n.Messages)
		for _, s := range in {
			given[n.Name] = append(given[n.Name], told(t, s))
		}
		slices.Sort(given[n.Name])
	}
	equal(t, "nodes", strings.Join(names, ", "), "decode, upper, short, split, by request, piece, gather, merge, note, tee, discard, reverse, blocking, queue, reply")
	for _, batch := range []int{1, 7, 60} {
		made := map[string][]string{}
		for _, name := range names {
			r, err := rec.Replay(name, batch)
			noError(t, err)
			for range 2 { // the second time shows that what was changed is restored
				out, err := r.Outputs(t.Context())
				noError(t, err)
				if len(out) == 0 && name != "reply" && name != "discard" {
					t.Fatalf("%s makes nothing of its recording", name)
				}
				got := map[string][]string{}
				for _, s := range out {
					got[s.Node] = append(got[s.Node], told(t, s))
				}
				for to, all := range got {
					if to != "merge" {
						made[to] = all
					}
				}
				if name == "gather" || name == "short" {
					made["merge from "+name] = got["merge"]
				}
			}
			r.Close()
		}
		made["merge"] = append(made["merge from gather"], made["merge from short"]...)
		delete(made, "merge from gather")
		delete(made, "merge from short")
		for to, all := range made {
			slices.Sort(all)
			want := given[to]
			for i := range min(len(all), len(want)) {
				if all[i] != want[i] {
					t.Fatalf("batch %d: message %d is %s, was %s", batch, i, all[i], want[i])
				}
			}
			equal(t, fmt.Sprintf("batch %d: messages for %s", batch, to), len(all), len(want))
		}
		equal(t, "nodes that are given something", len(made), len(names)-1)
	}
}

func TestAReplayedSinkWritesWhatItHasWritten(t *testing.T) {
	_, rec := notes(t, 1000)
	want := 0
	in, err := rec.Inputs("reply")
	noError(t, err)
	for _, s := range in {
		want += len(s.Message.(*note).Text) + 1
	}
	for _, batch := range []int{1, 60} {
		r, err := rec.Replay("reply", batch)
		noError(t, err)
		for range 3 {
			s, err := r.Run(t.Context(), 120)
			noError(t, err)
			equal(t, "messages", s.In, 120)
			equal(t, "batches", s.Batches, 120/batch)
			equal(t, "bytes written", s.Wrote, want)
		}
		r.Close()
	}
}

func TestIdleGivesTheNodeNothing(t *testing.T) {
	_, rec := notes(t, 100)
	r, err := rec.Replay("reply", 10)
	noError(t, err)
	defer r.Close()
	s, err := r.Idle(t.Context(), 250)
	noError(t, err)
	equal(t, "messages", s.In, 250)
	equal(t, "messages out", s.Out, 250)
	equal(t, "bytes written", s.Wrote, 0)
}

func TestARecordingEndsWhenItIsFull(t *testing.T) {
	_, rec := notes(t, 20)
	if !rec.Full() {
		t.Fatal("it is not full")
	}
	for _, n := range rec.Nodes() {
		equal(t, "messages of "+n.Name, n.Messages, 20)
	}
}

func TestSegmentsAreRecordedOfConnectionsThatBeginMeanwhile(t *testing.T) {
	src := mem.New(mem.Limits(unlimited))
	p := pipeline.New("late")
	reply(decoded(p, src))
	rec := p.Record(100)
	stop := start(t, p)
	old := dial(t, src)
	old.ask(t, "before")
	rec.Start()
	young := dial(t, src)
	young.ask(t, "young")
	old.ask(t, "old")
	rec.Stop()
	young.ask(t, "after")
	noError(t, stop())
	for node, want := range map[string]int{"decode": 1, "reply": 2} {
		in, err := rec.Inputs(node)
		noError(t, err)
		equal(t, "messages of "+node, len(in), want)
	}
}

func TestAReplayedConnectionHasTheSessionAndTheLimitsOfTheRecordedOne(t *testing.T) {
	src := mem.New(mem.Limits(unlimited))
	p := pipeline.New("sessions")
	in := p.From(src).Via("greet", stage.Do(func(s *stage.Segment) {
		if r := &s.Conn().Reading; r.Session == nil {
			r.Session = "session of " + strings.TrimSpace(string(s.Data))
		}
	}))
	reply(in.Via("decode", decoder).Via("who", stage.Do(func(l *row) {
		l.Text = fmt.Append(nil, l.Conn().Reading.Session, " ", l.Conn().Peer(), " ", l.Conn().Terms().OutHard)
	})))
	rec := p.Record(4)
	stop := start(t, p)
	rec.Start()
	for i := range 2 {
		peer := dial(t, src)
		peer.ask(t, fmt.Sprint("client ", i))
		peer.ask(t, "again")
	}
	noError(t, stop())
	want, err := rec.Inputs("reply")
	noError(t, err)
	r, err := rec.Replay("who", 4)
	noError(t, err)
	defer r.Close()
	got, err := r.Outputs(t.Context())
	noError(t, err)
	equal(t, "messages", len(got), len(want))
	for i := range got {
		equal(t, "message", told(t, got[i]), told(t, want[i]))
	}
	contains(t, told(t, got[3]), "session of client 1")
}

func TestAReplayOfAFailingNodeIsAnError(t *testing.T) {
	src := mem.New(mem.Limits(unlimited))
	p := pipeline.New("failing", quiet)
	bad := false
	reply(decoded(p, src).Via("moody", made(func(_, b []*row) ([]*row, error) {
		if bad {
			panic("not again")
		}
		return b, nil
	})).Via("strict", made(func(_, b []*row) ([]*row, error) {
		if bad {
			return b, errors.New("no more")
		}
		return b, nil
	}), stage.OnError(stage.Stop)))
	rec := p.Record(1)
	stop := start(t, p)
	rec.Start()
	dial(t, src).ask(t, "one")
	noError(t, stop())
	bad = true
	for node, says := range map[string]string{"moody": "not again", "strict": "no more"} {
		r, err := rec.Replay(node, 1)
		noError(t, err)
		if _, err = r.Run(t.Context(), 1); err == nil {
			t.Fatalf("%s does not fail", node)
		}
		contains(t, err.Error(), node, says)
		r.Close()
	}
}

func TestAReplayEndsWithItsContext(t *testing.T) {
	_, rec := notes(t, 20)
	r, err := rec.Replay("upper", 1)
	noError(t, err)
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Run(ctx, math.MaxInt32); !errors.Is(err, context.Canceled) {
		t.Fatalf("it returned %v", err)
	}
}

func TestARecordingSaysWhatItCannotReplay(t *testing.T) {
	p, rec := notes(t, 20)
	for _, c := range []struct {
		node  string
		batch int
		says  string
	}{
		{"none", 1, `there is no node "none"; choose "decode", "upper"`},
		{"mem", 1, `"mem" is a source, which is given nothing`},
		{"not short", 1, `"not short" is the other arm of a branch`},
		{"decode", 0, "a batch has at least 1 message, not 0"},
		{"decode", 21, "there are 20 messages, fewer than a batch of 21"},
	} {
		_, err := rec.Replay(c.node, c.batch)
		if err == nil {
			t.Fatalf("%v is replayed", c)
		}
		contains(t, err.Error(), c.says)
		if unknown := rec.Check(c.node); (unknown == nil) != (c.node == "decode") {
			t.Fatalf("Check of %s: %v", c.node, unknown)
		}
	}
	for says, f := range map[string]func(){
		"Record must come before Run":                    func() { p.Record(1) },
		"Record wants to keep at least 1 message, not 0": func() { pipeline.New("p").Record(0) },
	} {
		func() {
			defer func() { contains(t, fmt.Sprint(recover()), says) }()
			f()
		}()
	}

	src := mem.New(mem.Limits(unlimited))
	p = pipeline.New("silent")
	p.From(src).Via("decode", codec.Decode(text)).To("reply", sinks.Reply(text))
	rec = p.Record(1)
	stop := start(t, p)
	rec.Start()
	dial(t, src).ask(t, "one")
	if _, err := rec.Replay("decode", 1); !errors.Is(err, pipeline.ErrRuns) {
		t.Fatalf("while it runs: %v", err)
	}
	noError(t, stop())
	r, err := rec.Replay("decode", 1)
	noError(t, err)
	r.Close()
}

func TestAReplayOfAStageThatDoesNotAllocateAllocatesNothing(t *testing.T) {
	if stage.Leakcheck {
		t.Skip("leakcheck allocates")
	}
	_, rec := notes(t, 1000)
	for _, node := range []string{"short", "by request", "piece", "gather", "merge", "tee", "reply"} {
		r, err := rec.Replay(node, 32)
		noError(t, err)
		least := ^uint64(0)
		for range 10 { // until buffers have grown; and the runtime allocates now and then
			s, err := r.Allocs(t.Context(), 3200)
			noError(t, err)
			least = min(least, s.Mallocs)
		}
		r.Close()
		if least > 0 {
			t.Errorf("%s: %d allocations", node, least)
		}
	}
}
