package file

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// blockSize is the most bytes that are pushed at once.
const blockSize = 64 << 10

// Start implements pipeline.Source.
func (s *Source) Start(open func(wake func()) *pipeline.Inlet[stage.Segment]) (err error) {
	if s.feed, err = s.begin(); err != nil {
		return err
	}
	s.inlet = open(nil)
	s.segments = stage.NewArena[stage.Segment](s.inlet.Lane)
	go s.run()
	return nil
}

// run is the life of the lane. Behind the end of the file it goes on letting stages act by the clock, until the pipeline stops.
func (s *Source) run() {
	defer close(s.ended)
	s.inlet.Lane.Work()
	defer s.inlet.Lane.Rest()
	s.fail(s.read())
	s.conn.Finish(nil)
	close(s.done)
	for {
		select {
		case <-s.quit:
			return
		default:
			s.rest()
		}
	}
}

// read pushes the file, and returns why it did not come to its end.
func (s *Source) read() error {
	c, r := &s.conn, &s.conn.Reading
	for {
		select {
		case <-s.quit:
			return fmt.Errorf("the replay was stopped at offset %d, before the end: %w", s.Replayed().Valid, stage.ErrStopped)
		default:
		}
		switch {
		case r.Ended:
			return fmt.Errorf("behind offset %d there is something that cannot be decoded: %w", s.from, c.Reason())
		case c.Dead() || c.Finishing():
			return s.endedBy(c.Reason())
		case c.Halted():
			s.rest()
		case r.Stopped:
			s.push(nil, nil)
		case s.whole && len(r.Tail) > 0:
			return fmt.Errorf("the message at or behind offset %d is not whole: %w", s.from, io.ErrUnexpectedEOF)
		default:
			if err := s.block(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
}

// endedBy is the error for a connection that a stage has failed or closed.
func (s *Source) endedBy(reason error) error {
	if reason == nil {
		reason = stage.ErrStopped
	}
	return fmt.Errorf("a stage ended the replay when it had come to offset %d: %w", s.Replayed().Valid, reason)
}

// block pushes the next bytes of the file. At the end it returns io.EOF once nothing is left to decode.
func (s *Source) block() error {
	l := s.inlet.Lane
	from := s.feed.reached().Valid - s.feed.back(len(s.conn.Reading.Tail))
	slab, b := l.Bytes(blockSize)
	n, whole, err := s.feed.read(b)
	l.Unread(len(b) - n)
	s.note()
	s.from, s.whole = from, whole
	if n > 0 {
		s.push(slab, b[:n])
	}
	if err == io.EOF && len(s.conn.Reading.Tail) > 0 {
		return nil // and then it is not whole
	}
	return err
}

func (s *Source) push(slab *stage.Slab, b []byte) {
	seg := s.segments.New()
	seg.SetConn(&s.conn)
	seg.SetSlab(slab)
	seg.Data = b
	s.batch[0] = seg
	s.inlet.Push(s.batch[:])
}

// note lets others see how far the file has been read.
func (s *Source) note() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.figures = s.feed.reached()
}

// rest waits until the connection may be read again, until a stage wants to act by the clock, or until the pipeline stops.
func (s *Source) rest() {
	due := s.inlet.Due()
	var at <-chan time.Time
	if !due.IsZero() {
		at = time.After(time.Until(due))
	}
	s.inlet.Lane.Rest()
	ticks := false
	select {
	case <-s.quit:
	case <-s.token:
	case <-at:
		ticks = true
	}
	s.inlet.Lane.Work()
	if ticks {
		s.inlet.Tick(time.Now())
	}
}

// Stop implements pipeline.Source. What has not been read stays unread, and Err says so.
func (s *Source) Stop(ctx context.Context) {
	close(s.quit)
	select {
	case <-s.ended:
	case <-ctx.Done():
		within(s.ended)
	}
}

// grace is how long, after the time has ended, the lane may take to come back from its batch. One that is stuck in a stage is
// left behind.
const grace = 500 * time.Millisecond

func within(c <-chan struct{}) {
	select {
	case <-c:
	case <-time.After(grace):
	}
}

// Close implements pipeline.Source.
func (s *Source) Close(ctx context.Context) (lost pipeline.Lost) {
	c := &s.conn
	c.Finish(nil)
	select {
	case <-s.shut:
	case <-ctx.Done():
		lost.Requests, lost.Bytes = c.Owed()
		c.Fail(stage.ErrStopped)
	}
	if reason := c.Reason(); reason != nil {
		s.fail(s.endedBy(reason))
	}
	c.Ended()
	select {
	case <-s.ended:
		s.fail(s.feed.close())
	case <-ctx.Done(): // the lane may still read
	}
	return lost
}
