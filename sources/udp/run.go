package udp

import (
	"context"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// How far the end of the source has come.
const (
	reading   = int32(iota)
	stopping  // what had arrived is still received
	abandoned // receiving ends now
)

// stuckTime is how long the source waits, after the drain time, for a lane that works on its last batch. One that is stuck in a
// stage is left behind.
const stuckTime = 200 * time.Millisecond

// Start implements pipeline.Source.
func (s *Source) Start(open func(wake func()) *pipeline.Inlet[Packet]) error {
	if err := s.Bind(); err != nil {
		return err
	}
	for i := range s.Lanes() {
		l := &lane{source: s, index: i, socket: s.sockets[i], done: make(chan struct{})}
		var wake func()
		if !s.engine.waits() {
			wake = func() { s.engine.wake(l) }
		}
		l.inlet = open(wake)
		l.arena = stage.NewArena[Packet](l.inlet.Lane)
		l.batch = make([]*Packet, 0, s.batch)
		s.lanes = append(s.lanes, l)
	}
	for _, l := range s.lanes {
		s.running.Go(func() {
			defer close(l.done)
			s.engine.run(l)
		})
	}
	return nil
}

// Stop implements pipeline.Source: what is in the sockets is still received, and nothing that comes behind it.
func (s *Source) Stop(ctx context.Context) {
	s.enter(stopping)
	for _, l := range s.lanes {
		select {
		case <-l.done:
			continue
		case <-ctx.Done():
		}
		s.enter(abandoned)
		select {
		case <-l.done:
		case <-time.After(stuckTime):
		}
	}
}

func (s *Source) enter(phase int32) {
	if s.phase.Swap(phase) != phase {
		for _, l := range s.lanes {
			s.engine.wake(l)
		}
	}
}

// Close implements pipeline.Source, and gives back the sockets of one that was bound and has not started. Nothing can be lost
// here: what was sent is the kernel's.
func (s *Source) Close(context.Context) (lost pipeline.Lost) {
	for _, l := range s.lanes {
		select {
		case <-l.done:
		default: // it is stuck in a stage, and must not find another's descriptor when it comes back
			return lost
		}
	}
	s.running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound {
		s.engine.close(s)
	}
	if len(s.lanes) == 0 { // it never ran, and nobody has figures of it to show
		s.bound, s.sockets = false, nil
	}
	return lost
}
