package statsd

import (
	"strconv"

	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// A parser makes the samples of each packet.
type parser struct {
	server *Server
	lane   *stage.Lane
	arena  *stage.Arena[Sample]
	dec    Decoder
}

func (s *Server) parser(l *stage.Lane) stage.Stage[udp.Packet, Sample] {
	return &parser{server: s, lane: l, arena: stage.NewArena[Sample](l)}
}

// Process implements stage.Stage.
func (p *parser) Process(dst []*Sample, src []*udp.Packet) ([]*Sample, error) {
	before := len(dst)
	for _, m := range src {
		for b := m.Data; len(b) > 0; {
			v := p.arena.New()
			n, err := p.dec.Decode(b, v)
			switch {
			case err == nil:
				v.Inherit(&m.Head)
				dst = append(dst, v)
			case err == stage.ErrSkip:
				p.arena.Undo()
			default:
				p.arena.Undo()
				p.server.malformed(err.(Malformed), b[:n])
			}
			b = b[n:]
		}
	}
	p.server.samples.Add(uint64(len(dst) - before))
	return dst, nil
}

// Params implements stage.Tunable. They are those of all lanes together.
func (p *parser) Params() []stage.Param {
	s := p.server
	return []stage.Param{
		{Name: "samples", Get: func() string { return strconv.FormatUint(s.samples.Load(), 10) }},
		{Name: "malformed", Get: s.badLines},
	}
}
