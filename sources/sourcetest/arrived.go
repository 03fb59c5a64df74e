package sourcetest

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/leat-io/leat/codec/line"
)

func atGate(r *rig, _ *line.Line) { <-r.gate }

// arrivedUnseen: the lanes are busy, so lines arrive that nobody has looked at when the stop comes.
func arrivedUnseen(s *suite) {
	const conns, lines = 6, 40
	r := s.start(setup{work: atGate})
	var all []*client
	for range conns {
		all = append(all, r.dial()) // before any lane is busy, which a handshake would wait for
	}
	for _, c := range all {
		if err := c.send(1); err != nil {
			s.Fatal(err)
		}
	}
	r.eventually("a lane is busy", func() bool { return r.entered.Load() > 0 })
	for _, c := range all {
		if err := c.send(lines); err != nil {
			s.Fatal(err)
		}
	}
	r.answeredAfterStop(all)
}

// arrivedBehindTheBound: reading was paused because too much was in flight, with lines in the decoder and in the kernel.
func arrivedBehindTheBound(s *suite) {
	limits := generous
	limits.InFlight = 4
	r := s.start(setup{Options: Options{Limits: limits}, joint: queued, work: atGate})
	var all []*client
	for range 3 {
		c := r.dial()
		all = append(all, c)
		for range 3 { // 3 segments, of which the first fills the bound
			if err := c.send(30); err != nil {
				s.Fatal(err)
			}
		}
	}
	r.eventually("the bound is reached", func() bool { return r.pipeline.Stats().Node("decode").Out == 12 })
	r.answeredAfterStop(all)
}

// answeredAfterStop opens the gate when the source has been told to stop, and wants an answer to everything that was sent.
func (r *rig) answeredAfterStop(all []*client) {
	r.Helper()
	r.cancel()
	<-r.source.stopping
	r.open()
	var reading sync.WaitGroup
	for _, c := range all {
		reading.Go(func() {
			if err := c.rest(); err != nil {
				r.Error(err)
			}
			if c.got != c.sent {
				r.Errorf("%d answers to %d lines that had arrived", c.got, c.sent)
			}
			c.conn.Close()
		})
	}
	r.mustStop()
	reading.Wait()
}

// lateInput: the answers lie in the kernel, for a peer that reads them late, when its connection is closed with input that
// nobody has read. A close that is not orderly would be a reset, which takes those answers along.
func lateInput(s *suite) {
	const lines, size = 40, 32 << 10
	r := s.start(setup{work: func(_ *rig, l *line.Line) { l.Text = append(l.Text[:len(l.Text):len(l.Text)], make([]byte, size)...) }})
	c := r.dial()
	if err := c.send(lines); err != nil {
		s.Fatal(err)
	}
	r.eventually("all is answered", func() bool { return r.pipeline.Stats().Node("reply").In == lines })
	r.cancel()
	<-r.source.stopped
	c.conn.Write(bytes.Repeat([]byte("too late\n"), 1000))
	time.Sleep(100 * time.Millisecond) // for the kernel to throw away what it would
	n, err := io.Copy(io.Discard, c.in)
	if want := int64(lines*size + len(bytes.Repeat(c.line(0), lines))); n < want || err != nil {
		s.Errorf("%d bytes of answers came, not %d: %v", n, want, err)
	}
	c.conn.Close()
	r.mustStop()
}

// stopBehindARefusal: a peer that was refused, and has not read its answer yet, goes on sending. Those bytes are no reason to
// keep the others waiting for the end of the stop.
func stopBehindARefusal(s *suite) {
	limits := generous
	limits.OutHigh, limits.OutHard = 2*bigAnswer, 2*bigAnswer // the waiting answer does not stop the reading
	r := s.start(setup{Options: Options{Limits: limits}, work: generosity, answer: bigAnswer})
	c := r.dial()
	r.aside.Go(func() {
		c.conn.Write([]byte(give + "\n"))
		for x := make([]byte, 4096); ; {
			if _, err := c.conn.Write(x); err != nil {
				return
			}
		}
	})
	r.eventually("the line is refused", func() bool {
		n := r.pipeline.Stats().Node("work").Out
		return n == 1 && r.stuck()
	})
	r.cancel()
	select {
	case <-r.source.stopped:
	case <-time.After(5 * time.Second):
		s.Error("the stop waits for input that is never read")
	}
	if n, err := io.Copy(io.Discard, c.in); n < bigAnswer || err != nil {
		s.Errorf("%d bytes of the answer came, %v", n, err)
	}
	c.conn.Close()
	r.mustStop()
}

// stuck says whether the source has stopped reading: nothing more has come in for a while.
func (r *rig) stuck() bool {
	n := r.pipeline.Stats().Node("decode").Batches
	time.Sleep(20 * time.Millisecond)
	return r.pipeline.Stats().Node("decode").Batches == n
}
