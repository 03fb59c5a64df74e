package datagram

import (
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/cmd/leat/load/profile"
)

func profileOf(t *testing.T) profile.Profile {
	t.Helper()
	p, err := profile.Parse("hold 10 1s")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExpectationsOfDatagrams(t *testing.T) {
	l := latency.Summary{Mean: time.Millisecond, P99: 2 * time.Millisecond}
	r := Result{Sent: 1000, Received: 999, Lost: 1, Loss: .001, SentRate: 500, PPS: 499.5, Latency: &l, Drops: 1, CPU: CPU{Cores: .5}}
	for expect, want := range map[string]string{
		"":                                     "",
		"loss<0.2%,lost=1,sent=1000,drops<=1":  "",
		"mean<2ms,p99<=2ms,rate>=500,pps>499":  "",
		"cores<0.6,duplicates=0,corrupt=0":     "",
		"loss=0%":                              "wanted loss=0%, got 0.1%",
		"service.p99<1ms":                      "wanted service.p99<1ms, got nothing that was measured",
		"late.max<1s":                          "wanted late.max<1s, got nothing that was measured",
		"received=1000,reordered=0,mean<0.5ms": "wanted received=1000, got 999; wanted mean<0.5ms, got 1ms",
	} {
		e, err := ParseExpect(expect)
		if err != nil {
			t.Errorf("%q: %v", expect, err)
			continue
		}
		var all []string
		for _, f := range e.Check(r) {
			all = append(all, f.String())
		}
		if got := strings.Join(all, "; "); got != want {
			t.Errorf("%q: got %q, want %q", expect, got, want)
		}
	}
	for expect, r := range map[string]Result{
		"loss=0%,received>=0": {Role: SendOnly, Sent: 10}, "loss<=100%,lost<1,drops>=0": {Role: Sink, Drops: -1, Latency: &l},
	} {
		e, err := ParseExpect(expect)
		if err != nil {
			t.Fatal(err)
		}
		if failed := e.Check(r); len(failed) != 2 {
			t.Errorf("%s: what was not measured satisfies an expectation: %v", expect, failed)
		}
	}
	for _, name := range MetricNames() {
		if _, err := parseMetric(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseExpect("losses<1%"); err == nil || !strings.Contains(err.Error(), "is none of rate, sent, unsent") {
		t.Errorf("got %v", err)
	}
}
