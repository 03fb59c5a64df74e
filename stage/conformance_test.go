package stage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func fill(i int, m *msg) { m.ID, m.Text = i, fmt.Appendf(nil, "text %d", i) }

func TestTheStagesOfThisPackageKeepTheContract(t *testing.T) {
	twice := func(in *msg, emit func() *msg) {
		for range in.ID % 3 {
			out := emit()
			out.ID, out.Text = in.ID, in.Text
		}
	}
	for name, mk := range map[string]stage.Maker[msg, msg]{
		"Do":       stage.Do(func(m *msg) { m.N++ }),
		"Filter":   stage.Filter(func(m *msg) bool { return m.ID%3 > 0 }),
		"Map":      stage.Map(func(out, in *msg) { out.ID, out.Text = in.ID, in.Text }),
		"FlatMap":  stage.FlatMap(twice),
		"Split":    stage.Split(twice),
		"Gather":   stage.Gather[msg](),
		"Batch":    stage.Batch[msg](10, time.Hour),
		"Blocking": stage.Blocking(stage.Do(func(m *msg) { m.N++ })),
		"Then":     stage.Then(stage.Split(twice), stage.Then(stage.Batch[msg](5, time.Hour), stage.Gather[msg]())),
	} {
		t.Run(name, func(t *testing.T) { stagetest.Run(t, stagetest.Stage[msg, msg]{Make: mk, Fill: fill}) })
	}
}

// Then hands over the state of both parts, and of one when the other has none.
func TestThenHandsOverTheStateOfItsParts(t *testing.T) {
	for name, mk := range map[string]stage.Maker[msg, msg]{
		"both":       stage.Then(counting, stage.Then(passing(), counting)),
		"the first":  stage.Then(counting, passing()),
		"the second": stage.Then(copied, counting),
		"neither":    stage.Then(copied, passing()),
	} {
		t.Run(name, func(t *testing.T) {
			stagetest.Run(t, stagetest.Stage[msg, msg]{
				Make: mk,
				Fill: func(i int, m *msg) { m.ID = i * i % 17 },
				Key:  byID,
			})
		})
	}
}

func byID(m *msg) uint64 { return uint64(m.ID) }

// counting adds how often it has met an ID.
var counting stage.Maker[msg, msg] = func(*stage.Lane) stage.Stage[msg, msg] {
	return &counter{seen: map[int]uint64{}}
}

type counter struct{ seen map[int]uint64 }

func (s *counter) Process(_, b []*msg) ([]*msg, error) {
	for _, m := range b {
		s.seen[m.ID]++
		m.N += s.seen[m.ID]
	}
	return b, nil
}

func (s *counter) Export(part uint8) any {
	out := map[int]uint64{}
	for id, n := range s.seen {
		if stage.Partition(uint64(id)) == part {
			out[id] = n
			delete(s.seen, id)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (s *counter) Import(_ uint8, state any) {
	for id, n := range state.(map[int]uint64) {
		s.seen[id] += n
	}
}
