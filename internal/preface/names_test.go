package preface_test

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestTheNameItselfComesBeforeAWildcardAndThatBeforeTheRest(t *testing.T) {
	var m preface.Names[string]
	if v, ok := m.Match("www.example.org"); ok {
		t.Errorf("an empty table has %q", v)
	}
	for _, p := range []string{"www.example.org", "*.Example.org", "*.b.example.org", "example.org."} {
		if err := m.Add(p, p); err != nil {
			t.Fatal(err)
		}
	}
	names := map[string]string{
		"www.example.org": "www.example.org", "WWW.EXAMPLE.ORG.": "www.example.org", "a.example.org": "*.Example.org", "example.org": "example.org.",
		"a.b.example.org": "*.b.example.org", "b.example.org": "*.Example.org", "a.a.example.org": "", ".example.org": "", "org": "", "": "", "example.orga": "",
	}
	for name, want := range names {
		if v, ok := m.Match(name); v != want || ok != (want != "") {
			t.Errorf("%q matches %q, not %q", name, v, want)
		}
	}
	if err := m.Add("*", "rest"); err != nil {
		t.Fatal(err)
	}
	for name, want := range names {
		if want == "" {
			want = "rest"
		}
		if v, ok := m.Match(name); v != want || !ok {
			t.Errorf("%q matches %q, not %q", name, v, want)
		}
	}
	stagetest.Allocs(t, 0, func() { m.Match("a.example.org") })
}

func TestAPatternThatIsWrongOrThereAlreadyIsRefused(t *testing.T) {
	var m preface.Names[int]
	for _, p := range []string{"a.example.org", "*.example.org", "*"} {
		if err := m.Add(p, 1); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("a.", 127)
	for _, p := range []string{"A.example.org", "*.EXAMPLE.org", "*", "a.*.org", "**", "*.", "", ".", "a..b", "-a.org", "a b", "exämple.org", strings.Repeat("a", 64), long + "a", "*.*.org", ".org"} {
		if err := m.Add(p, 1); err == nil {
			t.Errorf("%q was taken", p)
		}
	}
	for _, p := range []string{long[:253], strings.Repeat("a", 63) + ".org", "_a.example.org", "xn--exmple-cua.org"} {
		if err := m.Add(p, 1); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}
