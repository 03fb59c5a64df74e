package syslog

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// Config says how to read messages.
type Config struct {
	BestEffort bool           // write also what is not well-formed
	Zone       *time.Location // of timestamps that do not say theirs; nil is UTC
}

// A Server is what all lanes share.
type Server struct {
	cfg       Config
	rfc5424   atomic.Uint64 // messages that were well-formed
	rfc3164   atomic.Uint64 // the same
	malformed atomic.Uint64
}

// New makes a server.
func New(cfg Config) *Server {
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	return &Server{cfg: cfg}
}

// Serve declares what becomes of packets. The lines of a peer keep their order when its packets are on one lane.
func (s *Server) Serve(packets *pipeline.Flow[udp.Packet], to stage.SinkMaker[lines.Text]) {
	packets.
		Via("parse", s.parser).
		Queue("lines", queue.Chan, queue.Batch(256)).
		To("write", to)
}

func (s *Server) parser(l *stage.Lane) stage.Stage[udp.Packet, lines.Text] {
	r := newReader(s, l)
	return &parsing{stage.FlatMap(r.read)(l), s}
}

// parsing is the stage that reads messages.
type parsing struct {
	stage.Stage[udp.Packet, lines.Text]
	server *Server
}

// Params implements stage.Tunable. They are those of all lanes together.
func (p *parsing) Params() []stage.Param {
	count := func(name string, n *atomic.Uint64) stage.Param {
		return stage.Param{Name: name, Get: func() string { return strconv.FormatUint(n.Load(), 10) }}
	}
	return []stage.Param{
		count("rfc5424", &p.server.rfc5424), count("rfc3164", &p.server.rfc3164), count("malformed", &p.server.malformed),
	}
}
