package stagetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/leat-io/leat/stage"
)

const (
	sizes    = "any batch size gives the same messages in the same order"
	slices2  = "neither slice is kept"
	flush    = "flush emits what is held"
	tickets  = "every ticket is settled once"
	handover = "state goes over to another instance"
	params   = "parameters keep their word"
)

// A plain stage is a function that keeps what it likes in a pairer.
type plain struct {
	pairer
	f func(s *pairer, dst, src []*item) ([]*item, error)
}

func (s *plain) Process(dst, src []*item) ([]*item, error) { return s.f(&s.pairer, dst, src) }

// bare hides what a pairer can do beside Process.
type bare struct{ stage.Stage[item, item] }

func plainly(f func(s *pairer, dst, src []*item) ([]*item, error)) stage.Maker[item, item] {
	return func(l *stage.Lane) stage.Stage[item, item] { return bare{&plain{pairer{lane: l}, f}} }
}

var broken = []struct {
	name   string
	make   stage.Maker[item, item]
	checks []string
}{
	{"drops the last of each batch", plainly(func(_ *pairer, _, b []*item) ([]*item, error) {
		return b[:len(b)-1], nil
	}), []string{sizes}},
	{"reverses each batch", plainly(func(_ *pairer, _, b []*item) ([]*item, error) {
		slices.Reverse(b)
		return b, nil
	}), []string{sizes}},
	{"numbers the messages of each batch", plainly(func(_ *pairer, _, b []*item) ([]*item, error) {
		for i, m := range b {
			m.Key = uint64(i)
		}
		return b, nil
	}), []string{sizes}},
	{"emits nil", plainly(func(_ *pairer, dst, b []*item) ([]*item, error) {
		return append(append(dst, b...), nil), nil
	}), []string{sizes}},
	{"fails", plainly(func(_ *pairer, _, b []*item) ([]*item, error) {
		return b, errors.New("a test")
	}), []string{sizes}},
	{"panics", plainly(func(_ *pairer, _, b []*item) ([]*item, error) {
		panic("a test")
	}), []string{sizes}},
	{"panics over a message", stage.Do(func(m *item) {
		if m.Key == 5 {
			panic("a test")
		}
	}), []string{sizes}},
	{"ticks in the past", pairing("ticks in the past"), []string{sizes}},
	{"keeps messages without Retain", plainly(func(s *pairer, dst, src []*item) ([]*item, error) {
		dst = append(dst, s.last...)
		s.last = append([]*item(nil), src...)
		return dst, nil
	}), []string{sizes, slices2}},
	{"keeps bytes without Retain", plainly(func(s *pairer, _, b []*item) ([]*item, error) {
		for _, m := range b {
			if s.order == nil {
				s.order = []uint64{0}
				s.last = []*item{{Text: m.Text}}
			}
			m.Text = append([]byte(nil), s.last[0].Text...)
			m.SetSlab(nil)
		}
		return b, nil
	}), []string{sizes}},
	{"keeps src", plainly(func(s *pairer, dst, src []*item) ([]*item, error) {
		if len(s.last) > 0 && s.last[0] == nil {
			panic("src was overwritten")
		}
		s.last = src
		return append(dst, src...), nil
	}), []string{slices2}},
	{"keeps dst", plainly(func(s *pairer, dst, src []*item) ([]*item, error) {
		if len(s.last) > 0 && s.last[0] == nil {
			panic("dst was overwritten")
		}
		s.last = append(dst, src...)
		return s.last, nil
	}), []string{slices2}},
	{"holds and never flushes", plainly(func(s *pairer, dst, src []*item) ([]*item, error) {
		for _, m := range src {
			if m.Key == 5 {
				stage.Retain(s.lane, m)
			} else {
				dst = append(dst, m)
			}
		}
		return dst, nil
	}), []string{flush, tickets}},
	{"flushes the first only", pairing("flushes the first only"), []string{flush, tickets}},
	{"flushes and forgets that it has", pairing("flushes and forgets that it has"), []string{flush}},
	{"copies the Head", func(l *stage.Lane) stage.Stage[item, item] {
		a := stage.NewArena[item](l)
		return bare{&plain{pairer{lane: l}, func(_ *pairer, dst, src []*item) ([]*item, error) {
			for _, m := range src {
				out := a.New()
				*out = *m
				dst = append(dst, out)
			}
			return dst, nil
		}}}
	}, []string{tickets}},
	{"makes messages of its own", plainly(func(_ *pairer, dst, src []*item) ([]*item, error) {
		for _, m := range src {
			out := &item{Key: m.Key}
			out.Inherit(&m.Head)
			dst = append(dst, out)
		}
		return dst, nil
	}), []string{tickets}},
	{"ends a connection", stage.Do(func(m *item) {
		if m.Key == 5 {
			m.Fail(errors.New("a test"))
		}
	}), []string{tickets}},
	{"exports nothing", pairing("exports nothing"), []string{handover}},
	{"exports and forgets to remove", pairing("exports and forgets to remove"), []string{handover}},
	{"exports an empty message", pairing("exports an empty message"), []string{handover}},
	{"imports nothing", pairing("imports nothing"), []string{handover}},
	{"takes nonsense for zero", pairing("takes nonsense for zero"), []string{params}},
	{"takes nonsense and says nothing", pairing("takes nonsense and says nothing"), []string{params}},
	{"changes on nonsense", pairing("changes on nonsense"), []string{params}},
	{"refuses its own value", pairing("refuses its own value"), []string{params}},
	{"cannot be read", pairing("cannot be read"), []string{params}},
	{"has one name twice", pairing("has one name twice"), []string{params}},
}

func TestEveryFaultIsFoundByItsChecks(t *testing.T) {
	for _, b := range broken {
		s := Stage[item, item]{Make: b.make, Fill: fill, Key: func(m *item) uint64 { return m.Key }}.withDefaults()
		for _, name := range b.checks {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				r := record(t, func(t testing.TB) {
					for _, c := range checks[item, item]() {
						if c.name == name {
							c.run(s, t)
						}
					}
				})
				switch {
				case r.skipped:
					t.Error("the check does not run")
				case len(r.failures) == 0:
					t.Error("not found")
				default:
					t.Log(r.failures[0])
				}
			})
		}
	}
}

func TestEveryCheckCanFail(t *testing.T) {
	for _, c := range checks[item, item]() {
		found := false
		for _, b := range broken {
			found = found || slices.Contains(b.checks, c.name)
		}
		if !found {
			t.Errorf("no broken stage shows that the check %q can fail", c.name)
		}
	}
}

func TestAllocsCanFail(t *testing.T) {
	var keep []byte
	r := record(t, func(t testing.TB) { Allocs(t, 0, func() { keep = make([]byte, 100) }) })
	if !r.skipped && len(r.failures) == 0 {
		t.Error("an allocation was not found")
	}
	_ = keep
}
