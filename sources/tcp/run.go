package tcp

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Start implements pipeline.Source.
func (s *Source) Start(open func(wake func()) *pipeline.Inlet[stage.Segment]) error {
	if err := s.limits.Validate(); err != nil {
		return err
	}
	if s.maxConns < 1 || s.maxLanes < 1 {
		return fmt.Errorf("needs at least 1 connection and 1 lane, not %d and %d", s.maxConns, s.maxLanes)
	}
	if n := s.table.MaxPerAddress; n < 0 {
		return fmt.Errorf("at most %d connections of one address is less than none", n)
	}
	if err := s.intake.validate(); err != nil {
		return err
	}
	if err := s.Bind(); err != nil {
		return err
	}
	s.lanes.start(func() *pipeline.Inlet[stage.Segment] { return open(nil) })
	s.accepting.Go(s.accept)
	return nil
}

// Stop implements pipeline.Source.
func (s *Source) Stop(ctx context.Context) {
	s.stopping.Store(true)
	close(s.quit)
	s.ln.SetReadDeadline(past)
	s.accepting.Wait()
	s.all((*conn).poke)
	done := make(chan struct{})
	go func() { s.readers.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.abandoned.Store(true)
		s.all((*conn).poke)
		select { // a lane that is stuck in a stage is left behind
		case <-done:
		case <-time.After(lingerTime):
		}
	}
	s.lanes.end(ctx)
}

// Close implements pipeline.Source.
func (s *Source) Close(ctx context.Context) (lost pipeline.Lost) {
	for _, c := range s.table.Open() {
		c.Finish(stage.ErrStopped)
	}
	done := make(chan struct{})
	go func() { s.conns.Wait(); close(done) }()
	select {
	case <-done:
		return lost
	case <-ctx.Done():
	}
	lost.Requests, lost.Bytes = s.table.Owed()
	s.all((*conn).cut) // but not those that owe nothing: they have just finished and linger
	select {
	case <-done:
	case <-time.After(2 * lingerTime):
	}
	return lost
}

// all calls f with each connection that is open now.
func (s *Source) all(f func(*conn)) {
	for _, c := range s.table.Open() {
		f(connOf(c))
	}
}
