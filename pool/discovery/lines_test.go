package discovery_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/discovery"
)

func TestALineIsABackend(t *testing.T) {
	got, err := discovery.ParseLines("# all of them\r\n\nalpha=10.0.0.1:6379*2.5\tzone=a region=north # the first\r\n  10.0.0.2:6379*3\n[::1]:80\nbeta=unix:/run/b#1.sock\ncache.example.org:1")
	want := []balance.Backend{
		{Name: "alpha", Address: "10.0.0.1:6379", Weight: 2.5, Zone: "a", Region: "north"},
		{Name: "10.0.0.2:6379", Address: "10.0.0.2:6379", Weight: 3},
		{Name: "[::1]:80", Address: "[::1]:80", Weight: 1},
		{Name: "beta", Address: "unix:/run/b#1.sock", Weight: 1},
		{Name: "cache.example.org:1", Address: "cache.example.org:1", Weight: 1},
	}
	if !slices.Equal(got, want) || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for _, empty := range []string{"", "\n", "# nothing", " \t\n#", "\r#:1", "\u00a0#:1"} {
		if got, err := discovery.ParseLines(empty); len(got) > 0 || err != nil {
			t.Errorf("%q gives %v, %v", empty, got, err)
		}
	}
}

func TestAnErrorNamesItsLineAndReason(t *testing.T) {
	for text, want := range map[string]string{
		"a:1\nnowhere":               `line 2: the address "nowhere" is neither host:port nor unix:path`,
		"a:1\n\n#\n:6379":            `line 4: the address ":6379" has no host`,
		"a:0":                        `line 1: the port of the address "a:0" is not a number from 1 to 65535`,
		"a:http":                     "is not a number from 1 to 65535",
		"unix:":                      "has no path",
		"=a:1":                       "no name before the =",
		"a:1*0":                      `the weight "0" is not a number above 0 and not above 1000000`,
		"a:1*NaN":                    `the weight "NaN"`,
		"a:1*-1":                     `the weight "-1"`,
		"a:1*1e7":                    `the weight "1e7"`,
		"a:1*":                       `the weight ""`,
		"a:1 b:1":                    `"b:1" is neither zone=NAME nor region=NAME`,
		"a:1 zone=":                  `"zone=" has no value`,
		"a:1 zone=a zone=b":          `"zone=b" has no value, or there are two`,
		"a=b:1\nc:1\na=d:1":          `line 3: the name "a" is that of line 1 already`,
		"a:1\nb=c:1\na:1 zone=other": `line 3: the name "a:1" is that of line 1 already`,
	} {
		if got, err := discovery.ParseLines(text); err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%q gives %v, %v; want %q", text, got, err, want)
		}
	}
}

// What is read can be a set of backends, and says the same when it is written again.
func FuzzParseLines(f *testing.F) {
	for _, s := range []string{"", "a:1", "alpha=10.0.0.1:6379*2 zone=a region=b # c\r\n[::1]:1", "unix:/x*3", "a=b=c:1", "a:1*1*2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := discovery.ParseLines(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if _, err := balance.NewSet(balance.RoundRobin(), all, balance.Options{}); err != nil {
			t.Fatalf("%q is no set: %v", text, err)
		}
		var again strings.Builder
		for _, b := range all {
			fmt.Fprintf(&again, "%s=%s*%g", b.Name, b.Address, b.Weight)
			for what, value := range map[string]string{"zone": b.Zone, "region": b.Region} {
				if value != "" {
					fmt.Fprintf(&again, " %s=%s", what, value)
				}
			}
			again.WriteByte('\n')
		}
		if got, err := discovery.ParseLines(again.String()); !slices.Equal(got, all) || err != nil {
			t.Fatalf("%q became %q: %v, %v", text, again.String(), got, err)
		}
	})
}
