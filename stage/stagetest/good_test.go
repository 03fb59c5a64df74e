package stagetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/leat-io/leat/stage"
)

func TestMain(m *testing.M) { Main(m) }

type item struct {
	stage.Head
	Key  uint64
	Text []byte
}

func fill(i int, m *item) { m.Key, m.Text = uint64(i%13), fmt.Appendf(nil, "item %d", i) }

// A pairer is a stage that has everything that a stage can have: it holds the first message of each key until there is a
// second, and emits both. It is right; the broken stages differ from it in one thing each.
type pairer struct {
	lane  *stage.Lane
	held  map[uint64]*stage.Kept[item]
	order []uint64 // of held, the oldest first
	limit int
	label string

	flaw string
	last []*item
}

func pairing(flaw string) stage.Maker[item, item] {
	return func(l *stage.Lane) stage.Stage[item, item] {
		return &pairer{lane: l, held: map[uint64]*stage.Kept[item]{}, limit: 100, flaw: flaw}
	}
}

func (s *pairer) Process(dst, src []*item) ([]*item, error) {
	for _, m := range src {
		if k := s.held[m.Key]; k != nil {
			dst = append(dst, k.Take(s.lane), m)
			s.drop(m.Key)
			continue
		}
		s.held[m.Key] = stage.Retain(s.lane, m)
		s.order = append(s.order, m.Key)
	}
	return dst, nil
}

func (s *pairer) drop(key uint64) {
	delete(s.held, key)
	for i, k := range s.order {
		if k == key {
			s.order = append(s.order[:i], s.order[i+1:]...)
			return
		}
	}
}

func (s *pairer) Flush(dst []*item) []*item {
	if s.flaw == "flushes the first only" && len(s.order) > 1 {
		dst = append(dst, s.held[s.order[0]].Take(s.lane))
		s.drop(s.order[0])
		return dst
	}
	for _, key := range s.order {
		dst = append(dst, s.held[key].Take(s.lane))
		if s.flaw != "flushes and forgets that it has" {
			delete(s.held, key)
		}
	}
	if s.flaw != "flushes and forgets that it has" {
		s.order = s.order[:0]
	}
	return dst
}

func (s *pairer) Tick(dst []*item, now time.Time) ([]*item, time.Time) {
	if s.flaw == "ticks in the past" && len(s.order) > 0 {
		key := s.order[0]
		dst = append(dst, s.held[key].Take(s.lane))
		s.drop(key)
		return dst, now.Add(-time.Second)
	}
	return dst, time.Time{}
}

func (s *pairer) Export(part uint8) any {
	out := map[uint64]*stage.Kept[item]{}
	for key, k := range s.held {
		if stage.Partition(key) != part {
			continue
		}
		switch s.flaw {
		case "exports nothing":
			continue
		case "exports and forgets to remove":
		case "exports an empty message":
			k = new(stage.Kept[item])
			fallthrough
		default:
			defer s.drop(key)
		}
		out[key] = k
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (s *pairer) Import(_ uint8, state any) {
	if s.flaw == "imports nothing" {
		return
	}
	for key, k := range state.(map[uint64]*stage.Kept[item]) {
		s.held[key] = k
		s.order = append(s.order, key)
	}
}

func (s *pairer) Params() []stage.Param {
	limit := stage.Param{Name: "limit", Get: func() string { return strconv.Itoa(s.limit) }, Set: func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return err
		}
		s.limit = n
		return nil
	}}
	text := stage.Param{Name: "label", Get: func() string { return s.label }, Set: func(v string) error { s.label = v; return nil }}
	held := stage.Param{Name: "held", Get: func() string { return strconv.Itoa(len(s.held)) }}
	set := limit.Set
	switch s.flaw {
	case "takes nonsense for zero":
		limit.Set = func(v string) error { s.limit, _ = strconv.Atoi(v); return nil }
	case "takes nonsense and says nothing":
		limit.Set = func(v string) error { _ = set(v); return nil }
	case "changes on nonsense":
		limit.Set = func(v string) error { err := set(v); s.limit++; return err }
	case "refuses its own value":
		limit.Get = func() string { return fmt.Sprint(s.limit, " items") }
	case "cannot be read":
		limit.Get = nil
	case "has one name twice":
		text.Name = "limit"
	}
	return []stage.Param{limit, text, held}
}

func TestAGoodStagePassesEveryCheck(t *testing.T) {
	t.Run("that has everything", func(t *testing.T) {
		Run(t, Stage[item, item]{Make: pairing(""), Fill: fill, Key: func(m *item) uint64 { return m.Key }})
	})
	t.Run("that has nothing", func(t *testing.T) {
		Run(t, Stage[item, item]{Make: stage.Do(func(m *item) { m.Key++ }), Fill: fill})
	})
	t.Run("that is described by hand", func(t *testing.T) {
		Run(t, Stage[item, item]{
			Make: pairing(""), Fill: fill, Messages: 50, AnyOrder: true,
			Show: func(m *item) string { return string(m.Text) },
		})
	})
}
