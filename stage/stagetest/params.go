package stagetest

import (
	"testing"

	"github.com/leat-io/leat/stage"
)

// nonsense is what no parameter wants, unless it takes any text.
var nonsense = []string{"", "\x00nonsense", "1e999x", "-", "9999999999999999999999"}

func (s *Stage[In, Out]) checkParams(t testing.TB) {
	p := s.play(t)
	tunable, ok := any(p.rigs[0].Stage).(stage.Tunable)
	if !ok {
		t.Skip("the stage has no parameters")
	}
	seen := map[string]bool{}
	for _, v := range tunable.Params() {
		if v.Name == "" || seen[v.Name] {
			t.Fatalf("a parameter needs a name of its own, not %q", v.Name)
		}
		seen[v.Name] = true
		p.guarded("parameter "+v.Name, func() { checkParam(t, v) })
	}
}

func checkParam(t testing.TB, v stage.Param) {
	t.Helper()
	if v.Get == nil {
		t.Fatalf("parameter %s cannot be read", v.Name)
	}
	if v.Set == nil {
		return
	}
	was := v.Get()
	if err := v.Set(was); err != nil {
		t.Fatalf("parameter %s refuses %q, which is its value: %v", v.Name, was, err)
	}
	if now := v.Get(); now != was {
		t.Fatalf("parameter %s is %q after it was set to %q, which it was", v.Name, now, was)
	}
	for _, bad := range nonsense {
		err := v.Set(bad)
		now := v.Get()
		switch {
		case err == nil && now != bad:
			t.Fatalf("parameter %s takes %q without an error, and is %q then", v.Name, bad, now)
		case err != nil && now != was:
			t.Fatalf("parameter %s refuses %q and changes from %q to %q all the same", v.Name, bad, was, now)
		case err == nil: // it takes any text
			if err := v.Set(was); err != nil {
				t.Fatalf("parameter %s refuses %q, which it was before: %v", v.Name, was, err)
			}
		}
	}
}
