package tcp

import (
	"context"
	"fmt"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Start implements pipeline.Source.
func (s *Source) Start(open func(wake func()) *pipeline.Inlet[stage.Segment]) error {
	if err := s.limits.Validate(); err != nil {
		return err
	}
	if err := s.engine.validate(); err != nil {
		return err
	}
	if err := s.validate(); err != nil {
		return err
	}
	if err := s.validateTLS(); err != nil {
		return err
	}
	if err := s.Bind(); err != nil {
		return err
	}
	if err := s.engine.start(open); err != nil {
		return err
	}
	close(s.started)
	return nil
}

// validate says what is wrong with how connections are to be accepted.
func (s *Source) validate() error {
	if s.maxConns < 1 {
		return fmt.Errorf("needs at least 1 connection, not %d", s.maxConns)
	}
	if n := s.table.MaxPerAddress; n < 0 {
		return fmt.Errorf("at most %d connections of one address is less than none", n)
	}
	if s.badRate != nil {
		return s.badRate
	}
	return s.intake.validate()
}

// Stop implements pipeline.Source.
func (s *Source) Stop(ctx context.Context) {
	s.stopping.Store(true)
	s.deafen()
	s.engine.stop(ctx)
}

// Close implements pipeline.Source.
func (s *Source) Close(ctx context.Context) (lost pipeline.Lost) {
	for _, c := range s.table.Open() {
		c.Finish(stage.ErrStopped)
	}
	return s.engine.shut(ctx)
}

// within waits for done until ctx ends, and reports whether it came.
func within(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
