package stagetest

import (
	"testing"

	"github.com/leat-io/leat/stage"
)

// checkHandover compares with an instance that served everything itself. Only what comes out counts, in any order: what was
// held may come out partition by partition.
func (s *Stage[In, Out]) checkHandover(t testing.TB) {
	if _, ok := any(s.play(t).rigs[0].Stage).(stage.Handover); !ok {
		t.Skip("the stage hands nothing over")
	}
	want := s.alone(t)
	if d := differ(s.moveAll(t), want, true); d != "" {
		t.Fatalf("when all partitions move: %s, as when none do", d)
	}
	if s.Key == nil {
		return
	}
	if d := differ(s.moveSome(t), want, true); d != "" {
		t.Fatalf("when every second partition moves: %s, as when none do", d)
	}
}

func (s *Stage[In, Out]) moveAll(t testing.TB) []string {
	t.Helper()
	p := s.play(t)
	old := p.rigs[0]
	half := s.Messages / 2
	for i := 0; i < half; i += 3 {
		p.batch(old, i, min(i+3, half))
	}
	fresh := p.add()
	p.move(old, fresh, func(uint8) bool { return true })
	before := len(p.out)
	p.flush(old)
	if n := len(p.out) - before; n > 0 {
		t.Fatalf("Export of all partitions left %d messages in the instance", n)
	}
	for i := half; i < s.Messages; i += 3 {
		p.batch(fresh, i, min(i+3, s.Messages))
	}
	p.flush(fresh)
	return p.out
}

func (s *Stage[In, Out]) moveSome(t testing.TB) []string {
	t.Helper()
	p := s.play(t)
	old, fresh := p.rigs[0], p.add()
	odd := func(part uint8) bool { return part%2 == 1 }
	for i := range s.Messages {
		if i == s.Messages/2 {
			p.move(old, fresh, odd)
		}
		var m In
		s.Fill(i, &m)
		r := old
		if i >= s.Messages/2 && odd(stage.Partition(s.Key(&m))) {
			r = fresh
		}
		p.send(r, []int{i})
	}
	p.flush(old)
	p.flush(fresh)
	return p.out
}

// move hands over the partitions that which selects. It runs between two batches of both lanes.
func (p *play[In, Out]) move(from, to *Rig[In, Out], which func(uint8) bool) {
	p.t.Helper()
	a, b := any(from.Stage).(stage.Handover), any(to.Stage).(stage.Handover)
	for i := range stage.Partitions {
		part := uint8(i)
		if !which(part) {
			continue
		}
		p.guarded("Export", func() {
			if state := a.Export(part); state != nil {
				p.guarded("Import", func() { b.Import(part, state) })
			}
			if again := a.Export(part); again != nil {
				p.t.Fatalf("Export of partition %d left %v in the instance", part, again)
			}
		})
	}
}
