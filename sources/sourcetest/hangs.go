package sourcetest

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
)

// drainTime is the second deadline of the checks below, and hangTime what Run may take beyond it.
const (
	drainTime = 300 * time.Millisecond
	hangTime  = 5 * time.Second
)

// hanging starts a pipeline in which the line "hang" never comes back before the gate is opened.
func (s *suite) hanging(sh shape) *rig {
	return s.start(setup{joint: sh.joint, drain: drainTime, work: func(r *rig, l *line.Line) {
		if bytes.Equal(l.Text, []byte("hang")) {
			<-r.gate
		}
	}})
}

// lost stops r and returns what Run says was lost, by node.
func (r *rig) lost() map[string]int {
	r.Helper()
	began := time.Now()
	err := r.stop()
	if took := time.Since(began); took > drainTime+hangTime {
		r.Errorf("Run took %v to give up", took)
	}
	d, ok := errors.AsType[*pipeline.DrainError](err)
	if !ok {
		r.Fatalf("Run returned %v", err)
	}
	lost := map[string]int{}
	for _, l := range d.Lost {
		lost[l.Node] += l.Count
	}
	return lost
}

// hangs: a stage that does not come back costs its messages, which are reported by node.
func hangs(s *suite) {
	for _, sh := range []shape{{"fused", nil}, {"queued", queued}} {
		r := s.hanging(sh)
		c := r.dial()
		c.ask()
		c.conn.Write([]byte("hang\n"))
		r.eventually("the stage hangs", func() bool { return r.entered.Load() == 2 })
		c.conn.Write([]byte("behind 1\nbehind 2\n"))
		if sh.joint != nil {
			r.eventually("others wait behind it", func() bool { return r.pipeline.Stats().Node("decode").Out == 4 })
		}
		lost := r.lost()
		if n := lost[r.engine.Source.String()]; n < 1 {
			s.Errorf("%s: the source reports %d requests without an answer: %v", sh.name, n, lost)
		}
		if n := lost["queue"]; sh.joint != nil && n != 3 {
			s.Errorf("the queue reports %d of 3 messages: %v", n, lost)
		}
		r.open()
		r.eventually("the connection is closed when the stage comes back", func() bool { return r.gauge("open") == 0 })
	}
}

// hangsAlone: whoever owes nothing is closed in good order at the second deadline, also if it has sent more meanwhile.
func hangsAlone(s *suite) {
	r := s.hanging(shape{"queued", queued})
	fair := r.dial()
	fair.ask()
	culprit := r.dial()
	culprit.conn.Write([]byte("hang\n"))
	r.eventually("the stage hangs", func() bool { return r.entered.Load() == 2 })
	over := make(chan error)
	go func() {
		<-r.source.stopped
		fair.conn.Write([]byte("too late\n"))
		_, err := io.Copy(io.Discard, fair.in)
		over <- err
	}()
	r.lost()
	if err := <-over; err != nil {
		s.Errorf("a connection that owed nothing ended with %v", err)
	}
	fair.conn.Close()
	r.open()
	r.eventually("all connections are closed", func() bool { return r.gauge("open") == 0 })
}
