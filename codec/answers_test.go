package codec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// A server is the port of a connection on which answers arrive. It claims what the test says.
type server struct {
	claim   func(text string) stage.Claim
	tickets []stage.Ticket // in the order of the answers
	taken   []stage.Ticket // of answers that are tentative
	seen    []string
	shut    error
}

func (s *server) Write(b []byte) (int, error) { return len(b), nil }
func (s *server) Want(bool, bool)             {}
func (s *server) Shut(reason error)           { s.shut = reason }
func (s *server) Peer() string                { return "server" }

func (s *server) Claim(l *stage.Lane, h *stage.Head, slab *stage.Slab, m any, _ bool) stage.Claim {
	text := string(m.(*line.Line).Text)
	s.seen = append(s.seen, text)
	c := s.claim(text)
	if c == stage.Claimed || c == stage.Tentative {
		t := s.tickets[0]
		s.tickets = s.tickets[1:]
		t.Give(l, h, slab)
		if c == stage.Tentative {
			s.taken = append(s.taken, t)
		}
	}
	if c == stage.Certain {
		s.taken = nil
	}
	return c
}

func (s *server) Unclaim(l *stage.Lane, heads []*stage.Head) {
	for _, h := range heads {
		_ = l.Take(h)
	}
	s.tickets = append(s.taken, s.tickets...)
	s.taken = nil
}

// A link is a lane that decodes answers, with the requests of a client.
type link struct {
	bench[line.Line]
	*server
	conn   *stage.Conn // to the server
	client *stagetest.Conn
}

// asked is a link on which so many requests of the client wait for answers. Claims follow from the first letter of an answer:
// a and others are answers, u is unused, f is foreign, t is tentative, c makes that certain.
func asked(t *testing.T, d stage.Decoder[line.Line], n int) link {
	t.Helper()
	from := bench[line.Line]{stagetest.NewRig(codec.Decode(line.Text(100)))}
	client := stagetest.NewConn(limits(100))
	s := &server{claim: func(text string) stage.Claim {
		switch text[0] {
		case 'u':
			return stage.Unused
		case 'f':
			return stage.Foreign
		case 't':
			return stage.Tentative
		case 'c':
			return stage.Certain
		}
		return stage.Claimed
	}}
	for _, m := range from.batch(t, read{client, strings.Repeat("request\n", n)}) {
		s.tickets = append(s.tickets, from.Lane.Take(stage.HeadOf(m)))
	}
	from.End()
	check(t, "owed while the answers are outstanding", owed(client), n)
	l := link{bench[line.Line]{stagetest.NewRig(codec.Decode(d))}, s, &stage.Conn{}, client}
	l.conn.Init(s, client.Terms())
	return l
}

// arrive decodes what arrives together, and answers the client with what comes of it.
func (l link) arrive(t *testing.T, data string) string {
	t.Helper()
	s := l.New()
	s.SetConn(l.conn)
	slab, b := l.Lane.Bytes(len(data))
	copy(b, data)
	s.SetSlab(slab)
	s.Data = b
	out, err := l.Push(s)
	if err != nil {
		t.Fatal(err)
	}
	found := texts(out)
	l.answer(out, lineOf)
	return strings.TrimSpace(found)
}

func TestAnswersTakeOverTheTicketsOfTheirRequests(t *testing.T) {
	l := asked(t, line.Text(100), 3)
	check(t, "found", l.arrive(t, "a1\nunused\na2\n"), "a1 a2")
	check(t, "written to the client", l.client.Wrote(), "[a1][a2]")
	check(t, "owed", owed(l.client), 1)
	check(t, "found in a part", l.arrive(t, "a"), "")
	check(t, "found in the rest", l.arrive(t, "3\n"), "a3")
	check(t, "written to the client", l.client.Wrote(), "[a1][a2][a3]")
	check(t, "owed at the end", owed(l.client), 0)
	check(t, "ended", l.shut, nil)
}

func TestAnAnswerToNothingEndsItsConnection(t *testing.T) {
	l := asked(t, line.Text(100), 3)
	check(t, "found", l.arrive(t, "a1\nforeign\na2\n"), "a1")
	check(t, "malformed", errors.Is(l.shut, stage.ErrMalformed), true)
	check(t, "found behind it", l.arrive(t, "a2\n"), "")
	check(t, "seen", strings.Join(l.seen, " "), "a1 foreign")
	check(t, "written to the client", l.client.Wrote(), "[a1]")
	for _, t := range l.tickets {
		t.Void()
	}
	check(t, "owed at the end", owed(l.client), 0)
}

func TestAnswersThatCannotBeDecodedEndTheirConnection(t *testing.T) {
	for name, d := range map[string]stage.Decoder[line.Line]{
		"an error": decoder(func(b []byte, v *line.Line) (int, error) { return 0, errors.New("a test") }),
		"too many": decoder(func(b []byte, v *line.Line) (int, error) { return len(b) + 1, nil }),
		"a panic":  decoder(func(b []byte, v *line.Line) (int, error) { panic("a test") }),
	} {
		t.Run(name, func(t *testing.T) {
			l := asked(t, d, 3)
			check(t, "found", l.arrive(t, "a1\na2\n!\na3\n"), "a1 a2")
			check(t, "ended", l.shut != nil, true)
			check(t, "found behind it", l.arrive(t, "a3\n"), "")
			check(t, "written to the client", l.client.Wrote(), "[a1][a2]")
			check(t, "the client is well", l.client.Dead(), false)
			check(t, "owed", owed(l.client), 1)
		})
	}
}

// decoder decodes lines, and does something else at an exclamation mark.
type decoder func(b []byte, v *line.Line) (int, error)

func (d decoder) Decode(b []byte, v *line.Line) (int, error) {
	if len(b) > 0 && b[0] == '!' {
		return d(b, v)
	}
	return line.Text(100).Decode(b, v)
}

func TestWhatADecoderSkipsAnswersNothing(t *testing.T) {
	l := asked(t, decoder(func(b []byte, _ *line.Line) (int, error) { return 2, stage.ErrSkip }), 2)
	check(t, "found", l.arrive(t, "!\na1\n!\n!\na2\n!\n"), "a1 a2")
	check(t, "written to the client", l.client.Wrote(), "[a1][a2]")
	check(t, "ended", l.shut, nil)
}

func TestAPanicOverAnAnswerCostsTheConnectionToTheServer(t *testing.T) {
	l := asked(t, line.Text(100), 3)
	claim := l.claim
	l.claim = func(text string) stage.Claim {
		if text == "boom" {
			panic("a test")
		}
		return claim(text)
	}
	check(t, "found", l.arrive(t, "a1\nboom\na2\n"), "a1")
	check(t, "ended", stage.LabelOf(l.shut), "panic")
	check(t, "written to the client", l.client.Wrote(), "[a1]")
	check(t, "owed", owed(l.client), 2)
}

func TestTentativeAnswersGoOnWhenTheyAreCertain(t *testing.T) {
	l := asked(t, line.Text(100), 4)
	check(t, "found", l.arrive(t, "t1\nt2\ncertain\n"), "t1 t2")
	check(t, "written to the client", l.client.Wrote(), "[t1][t2]")
	check(t, "found in doubt", l.arrive(t, "t3\nforeign\n"), "")
	check(t, "ended", errors.Is(l.shut, stage.ErrMalformed), true)
	check(t, "written to the client", l.client.Wrote(), "[t1][t2]")
	check(t, "owed", owed(l.client), 2)
	check(t, "tickets that the server has back", len(l.tickets), 2)
	for _, t := range l.tickets {
		t.Void()
	}
	check(t, "owed at the end", owed(l.client), 0)
}
