package compare

import (
	"strings"
	"testing"
	"time"
)

func TestWhatIsUntrustedSaysWhy(t *testing.T) {
	one := Measurement{Messages: 1000, Throughput: 1000, Processors: 1, LoadProcessors: 1, Busy: .97, LoadBusy: .5, Latency: []Quantile{{.99, time.Millisecond}, {1, time.Second}}}
	change := func(f func(*Measurement)) Measurement { m := one; f(&m); return m }
	for _, c := range []struct {
		name string
		run  Measurement
		want string // part of the reason; empty trusts
		all  bool
	}{
		{"a busy server", one, "", false},
		{"a busy load beside a busy server", change(func(m *Measurement) { m.LoadBusy = .99 }), "", false},
		{"a busy load", change(func(m *Measurement) { m.Busy, m.LoadBusy = .6, .99 }), "the load was the bottleneck: it used 99 % of its processor, the server only 60 %", false},
		{"nobody is busy", change(func(m *Measurement) { m.Busy = .1 }), "neither side was busy (server 10 % of its processor, load 50 %", false},
		{"they share processors", change(func(m *Measurement) { m.Busy, m.Processors = 1.2, 2 }), "60 % of its 2 processors, the load 50 % of its processor; unless they are pinned", false},
		{"the system does not tell", change(func(m *Measurement) { m.Busy = 0 }), "", false},
		{"wrong answers", change(func(m *Measurement) { m.Wrong = 3 }), "12 of 4012 messages were answered wrongly", true},
		{"an open loop", change(func(m *Measurement) { m.Rate, m.Busy = 1000, .2 }), "", false},
		{"a saturated open loop", change(func(m *Measurement) { m.Rate, m.LoadBusy = 1000, .95 }), "the load had no time left", false},
		{"a late open loop", change(func(m *Measurement) { m.Rate, m.Late = 1000, 300 }), "late, by 300 µs of a latency of 1 000 µs", false},
		{"a rate out of reach", change(func(m *Measurement) { m.Rate = 2000 }), "only 50.0 % of the rate", false},
	} {
		got := doubts([]Measurement{c.run, c.run, c.run, c.run})
		switch {
		case c.want == "" && len(got) > 0:
			t.Errorf("%s: %v", c.name, got)
		case c.want != "" && (len(got) != 1 || !strings.Contains(got[0].reason, c.want) || got[0].all != c.all):
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
		}
	}
	idle := change(func(m *Measurement) { m.Busy = .1 })
	if got := doubts([]Measurement{one, one, one, idle}); got != nil {
		t.Errorf("one spoiled run of four: %v", got)
	}
	if got := doubts([]Measurement{one, idle, one, idle}); len(got) != 1 || !strings.HasPrefix(got[0].reason, "in 2 of 4 runs ") {
		t.Errorf("two spoiled runs of four: %v", got)
	}
	if doubts(nil) != nil {
		t.Error("nothing is doubted")
	}
}
