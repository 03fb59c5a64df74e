package tcp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Goroutines is the engine with a goroutine for each connection. It is the one for stages that take long on the lane that
// reads: they hold up one connection, and no other as long as there are lanes.
func Goroutines() Option {
	return func(s *Source) {
		g := &goroutines{Source: s, accepted: make(chan struct{})}
		s.engine = g
		s.table.HoldOf = func(c *stage.Conn) *peers.Hold { return &connOf(c).hold }
	}
}

// Lanes is the most lanes that serve connections at once with the engine [Goroutines]. The default is 256.
func Lanes(n int) Option { return func(s *Source) { s.maxLanes = n } }

// DefaultLanes is the most lanes of the engine [Goroutines]. Each costs a slab of 64 KiB and the instances of its stages once
// it has been needed. A lane is busy while a stage works or while a queue is full, so this is how many such connections are
// served at once; the others wait their turn.
const DefaultLanes = 256

type goroutines struct {
	*Source
	set      lanes
	accepted chan struct{}  // closed when nobody is accepted any more
	readers  sync.WaitGroup // connections that may still push
	conns    sync.WaitGroup
}

func (*goroutines) String() string { return "goroutine per connection" }

func (g *goroutines) lanes() int { return g.maxLanes }

func (g *goroutines) validate() error {
	if g.maxLanes < 1 {
		return fmt.Errorf("needs at least 1 lane, not %d", g.maxLanes)
	}
	return nil
}

func (g *goroutines) services() []pipeline.Service {
	g.set.init(g.maxLanes)
	return []pipeline.Service{{Name: g.Source.String() + ": clock of idle lanes", Run: g.set.tick}}
}

func (g *goroutines) account() *stage.Lane { return g.set.first }

func (g *goroutines) start(open func(wake func()) *pipeline.Inlet[stage.Segment]) error {
	g.set.start(func() *pipeline.Inlet[stage.Segment] { return open(nil) })
	go g.accept()
	return nil
}

func (g *goroutines) endAccepting() <-chan struct{} {
	g.ln.SetReadDeadline(past)
	return g.accepted
}

func (g *goroutines) stop(ctx context.Context) {
	<-g.accepted
	g.all((*conn).poke)
	done := make(chan struct{})
	go func() { g.readers.Wait(); close(done) }()
	if !within(ctx, done) {
		g.abandoned.Store(true)
		g.all((*conn).poke)
		select { // a lane that is stuck in a stage is left behind
		case <-done:
		case <-time.After(lingerTime):
		}
	}
	g.set.end(ctx)
}

func (g *goroutines) shut(ctx context.Context) (lost pipeline.Lost) {
	done := make(chan struct{})
	go func() { g.conns.Wait(); close(done) }()
	if within(ctx, done) {
		return lost
	}
	lost.Requests, lost.Bytes = g.table.Owed()
	g.all((*conn).cut) // but not those that owe nothing: they have just finished and linger
	select {
	case <-done:
	case <-time.After(2 * lingerTime):
	}
	return lost
}

// all calls f with each connection that is open now.
func (g *goroutines) all(f func(*conn)) {
	for _, c := range g.table.Open() {
		f(connOf(c))
	}
}

// serve gives an admitted connection its goroutine.
func (g *goroutines) serve(c *conn) {
	g.readers.Add(1)
	g.conns.Go(c.serve)
}
