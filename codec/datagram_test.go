package codec_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A parcel is a datagram as a source gives it.
type parcel struct {
	stage.Head
	data []byte
	from string
}

func (p *parcel) Payload() []byte { return p.data }

// A note is a decoded message that knows its sender.
type note struct {
	stage.Head
	text string
	from string
}

func (n *note) From(p *parcel) { n.from = p.from }

var errNote = errors.New("it is no note")

// notes are lower-case words; blanks around them mean nothing.
type notes struct{}

func (notes) Decode(b []byte, v *note) (int, error) {
	switch {
	case b[0] == ' ':
		return 1, stage.ErrSkip
	case b[0] == '!':
		panic("as it was told")
	case b[0] == '>':
		return len(b) + 1, nil
	}
	n := 0
	for n < len(b) && 'a' <= b[n] && b[n] <= 'z' {
		n++
	}
	if n == 0 {
		return 0, errNote
	}
	if b[n-1] == 'z' && n == len(b) { // a word that ends so goes on
		return -(n + 1), nil
	}
	v.text = string(b[:n])
	return n, nil
}

// A post is a socket, with what has failed of its messages.
type post struct {
	stage.Conn
	terms stage.Terms
	why   []error
}

func newPost() *post {
	p := &post{}
	p.terms.Failed = func(err error) { p.why = append(p.why, err) }
	p.Init(p, &p.terms)
	return p
}

func (*post) Write([]byte) (int, error) { return 0, errors.New("it is no stream") }
func (*post) Want(_, _ bool)            {}
func (*post) Shut(error)                { panic("a socket was shut") }
func (*post) Peer() string              { return "everybody" }

func decoded(p *post, r *stagetest.Rig[parcel, note], data ...string) (texts []string) {
	var b []*parcel
	for i, d := range data {
		m := r.New()
		m.SetConn(&p.Conn)
		m.data, m.from = []byte(d), fmt.Sprint("peer ", i)
		b = append(b, m)
	}
	out, err := r.Push(b...)
	if err != nil {
		panic(err)
	}
	for _, n := range out {
		if n.Conn() != &p.Conn || n.Failed() {
			panic("it has another head")
		}
		texts = append(texts, n.text+" of "+n.from)
	}
	r.End()
	return texts
}

func TestADatagramIsOneMessage(t *testing.T) {
	p := newPost()
	r := stagetest.NewRig(codec.Datagram[parcel](notes{}))
	got := decoded(p, r, "one", "  two  ", "   ", "four")
	if want := []string{"one of peer 0", "two of peer 1", "four of peer 3"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if len(p.why) != 0 {
		t.Error("what is all skipped has failed:", p.why)
	}
}

func TestADatagramThatIsNoMessageCostsItself(t *testing.T) {
	for what, bad := range map[string]string{
		"no message": "123", "two messages": "one two", "half a message": "fuzz", "nothing": "", "more than there is": ">",
	} {
		p := newPost()
		r := stagetest.NewRig(codec.Datagram[parcel](notes{}))
		if got := decoded(p, r, "before", bad, "behind"); !slices.Equal(got, []string{"before of peer 0", "behind of peer 2"}) {
			t.Errorf("%s: got %q", what, got)
		}
		if len(p.why) != 1 || !errors.Is(p.why[0], stage.ErrMalformed) || stage.LabelOf(p.why[0]) != "malformed" {
			t.Errorf("%s: failed with %v", what, p.why)
		}
	}
}

func TestTheDecodersOwnErrorIsKept(t *testing.T) {
	p := newPost()
	decoded(p, stagetest.NewRig(codec.Datagram[parcel](notes{})), "123")
	if len(p.why) != 1 || !errors.Is(p.why[0], errNote) {
		t.Error(p.why)
	}
}

func TestADecoderThatPanicsCostsOneDatagram(t *testing.T) {
	p := newPost()
	r := stagetest.NewRig(codec.Datagram[parcel](notes{}))
	if got := decoded(p, r, "before", "!", "behind"); !slices.Equal(got, []string{"before of peer 0", "behind of peer 2"}) {
		t.Errorf("got %q", got)
	}
	if len(p.why) != 1 || !errors.Is(p.why[0], stage.ErrPanic) || len(r.Lane.Reported()) != 1 {
		t.Error(p.why, r.Lane.Reported())
	}
}

// A decoder that remembers how far it has searched must not remember it of another datagram.
func TestADecoderForgetsADatagramThatWasNotWhole(t *testing.T) {
	p := newPost()
	r := stagetest.NewRig(codec.Datagram[parcel](line.Text(100)))
	push := func(d string) (got string) {
		m := r.New()
		m.SetConn(&p.Conn)
		m.data = []byte(d)
		out, _ := r.Push(m)
		for _, l := range out {
			got += string(l.Text)
		}
		r.End()
		return got
	}
	if got := push("one\n") + push("a long one without an end") + push("two\n"); got != "onetwo" {
		t.Errorf("got %q", got)
	}
	if len(p.why) != 1 {
		t.Error(p.why)
	}
}

func TestDecodingDatagramsAllocatesNothing(t *testing.T) {
	p := newPost()
	r := stagetest.NewRig(codec.Datagram[parcel](line.Text(100)))
	b := make([]*parcel, 0, 64)
	data := []byte("one line\n")
	round := func() {
		b = b[:0]
		for range 64 {
			m := r.New()
			m.SetConn(&p.Conn)
			m.data = data
			b = append(b, m)
		}
		if out, err := r.Push(b...); err != nil || len(out) != 64 {
			t.Fatal(len(out), err)
		}
		r.End()
	}
	stagetest.Allocs(t, 0, round)
}
