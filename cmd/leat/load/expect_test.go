package load

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample() Result {
	return Result{
		RPS: 120_000, Requests: 1000, OK: 999, Success: .999,
		Latency: Latency{
			Mean: 500 * time.Microsecond, P50: 400 * time.Microsecond, P90: 800 * time.Microsecond,
			P99: 2 * time.Millisecond, P999: 3 * time.Millisecond, Max: time.Second,
		},
		Errors: []Errors{{Kind: EOF, Count: 1}},
	}
}

func TestExpectationsThatHoldAndThatFail(t *testing.T) {
	for expect, want := range map[string][]Failure{
		"":                                      nil,
		"rps>100000,mean<1ms,success>99%":       nil,
		" rps >= 120000 , requests = 1000 ":     nil,
		"p50<=400us,p90<1ms,p99=2ms,p999<3.1ms": nil,
		"max<=1s,errors<2,success=99.9%":        nil,
		"rps>120000":                            {{Wanted: "rps>120000", Got: "120000"}},
		"rps>1e6,mean<1ms,p99<1.5ms":            {{Wanted: "rps>1e6", Got: "120000"}, {Wanted: "p99<1.5ms", Got: "2ms"}},
		"success=100%":                          {{Wanted: "success=100%", Got: "99.9%"}},
		"connect.mean<1ms":                      {{Wanted: "connect.mean<1ms", Got: "no connections"}},
		"late.p99<1ms,service.max<1ms":          {{Wanted: "late.p99<1ms", Got: "a closed loop"}, {Wanted: "service.max<1ms", Got: "a closed loop"}},
		"phase1.rps>1":                          {{Wanted: "phase1.rps>1", Got: "0 phases"}},
		"errors=0":                              {{Wanted: "errors=0", Got: "1"}},
		"mean<500us":                            {{Wanted: "mean<500us", Got: "500µs"}},
	} {
		e, err := ParseExpect(expect)
		if err != nil {
			t.Errorf("%q: %v", expect, err)
			continue
		}
		if got := e.Check(sample()); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v", expect, got, want)
		}
	}
}

func TestPhasesAndThePartsOfALatencyHaveNames(t *testing.T) {
	e, err := ParseExpect("connect.mean=55.5us,late.max=1.0005ms,service.p99=2ms,phase1.rps=50,phase2.success=98%,phase2.requests=50,phase2.p50=400us,phase3.max<1s")
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Check(poolResult()); len(got) != 1 || got[0].String() != "wanted phase3.max<1s, got 2 phases" {
		t.Errorf("got %v", got)
	}
}

func TestALatencyOfNoRepliesSatisfiesNothing(t *testing.T) {
	e, err := ParseExpect("mean<1ms,rps>=0")
	if err != nil {
		t.Fatal(err)
	}
	got := e.Check(Result{})
	if len(got) != 1 || got[0].String() != "wanted mean<1ms, got no replies" {
		t.Errorf("got %v", got)
	}
}

func TestAnExpectationThatMakesNoSenseIsNamed(t *testing.T) {
	for expect, want := range map[string]string{
		"rps":                 `"rps" has none of the operators > >= < <= =`,
		"rps>1,":              `"" has none of`,
		"rps==1":              `operator "==" in "rps==1" is none of > >= < <= =`,
		"rps=>1":              `operator "=>"`,
		"p98<1ms":             `metric "p98" in "p98<1ms" is none of rps, success, errors, requests, mean, p50, p90, p99, p999, max, connect.mean,`,
		"phase0.rps>1":        `nor one of phaseN`,
		"phase1.errors=0":     `nor one of phaseN`,
		"open.mean<1s":        `metric "open.mean"`,
		"late.rps>1":          `metric "late.rps"`,
		">1":                  `metric "" in ">1"`,
		"rps>1,mean<1":        `"mean<1": mean takes a duration with a unit (ns, us, ms, s, m, h), not "1"`,
		"mean<-1ms":           `not "-1ms"`,
		"mean<5%":             `not "5%"`,
		"success>.99":         `"success>.99": success takes a percentage from 0% to 100%, not ".99"`,
		"success>101%":        `not "101%"`,
		"rps>10%":             `"rps>10%": rps takes a plain number, not "10%"`,
		"rps>1ms":             `not "1ms"`,
		"rps>":                `not ""`,
		"rps>NaN":             `not "NaN"`,
		"rps>Inf":             `not "Inf"`,
		"errors<-1":           `not "-1"`,
		"rps>1 mean<1ms":      `not "1 mean<1ms"`,
		"mean<9999999999999h": `not "9999999999999h"`,
	} {
		_, err := ParseExpect(expect)
		if err == nil || !strings.HasPrefix(err.Error(), "load: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to contain %s", expect, err, want)
		}
	}
}

// What parses can be checked, and parses again to the same from its own text.
func FuzzParseExpect(f *testing.F) {
	for _, s := range []string{"", "rps>100000,mean<1ms,success>99%", "max<=1s , errors=0", "p999>=1h,requests<1e9", "rps>>1", "=,%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseExpect(s)
		if err != nil {
			return
		}
		var texts []string
		for _, x := range e {
			texts = append(texts, x.String())
		}
		again, err := ParseExpect(strings.Join(texts, ","))
		if err != nil {
			t.Fatalf("%q: %v", texts, err)
		}
		first, second := e.Check(sample()), again.Check(sample())
		if !reflect.DeepEqual(first, second) || len(first) > len(e) {
			t.Fatalf("%q fails %v, then %v", s, first, second)
		}
	})
}
