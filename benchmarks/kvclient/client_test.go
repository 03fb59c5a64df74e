//go:build linux

package kvclient

import (
	"flag"
	"io"
	"strings"
	"testing"
)

func TestRedisBenchmarkIsUnderstood(t *testing.T) {
	const said = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
"GET","31982.94","1.016","0.128","1.007","1.463","1.591","3.327"
`
	got, err := parseCSV([]byte(said), Load{Command: "get"})
	if err != nil || got != (Driven{31982.94, 1.007, 1.591}) {
		t.Fatal(got, err)
	}
	for _, bad := range []string{"", "WARNING: Could not fetch server CONFIG\n", strings.ReplaceAll(said, "GET", "SET"), strings.ReplaceAll(said, "rps", "speed"), strings.ReplaceAll(said, "31982.94", "many")} {
		if got, err := parseCSV([]byte(bad), Load{Command: "get"}); err == nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}

func TestLeatLoadIsUnderstoodAndItsErrorsToo(t *testing.T) {
	const said = `{"rps":88626.5,"requests":100,"ok":100,"latency":{"mean_us":7498.423,"p50_us":5812,"p99_us":37748}}`
	got, err := parseJSON([]byte(said), Load{Requests: 100})
	if err != nil || got != (Driven{88626.5, 5.812, 37.748}) {
		t.Fatal(got, err)
	}
	for _, requests := range []int{99, 101} {
		if _, err := parseJSON([]byte(said), Load{Requests: requests}); err == nil {
			t.Errorf("100 replies are right for %d requests", requests)
		}
	}
	if _, err := parseJSON(nil, Load{}); err == nil {
		t.Error("nothing is understood")
	}
}

func TestAClientIsChosenByName(t *testing.T) {
	parse := func(args ...string) (c Client, err error) {
		f := flag.NewFlagSet("test", flag.ContinueOnError)
		f.SetOutput(io.Discard)
		c.Flag(f)
		return c, f.Parse(args)
	}
	if c, err := parse(); err != nil || c.Name != "redis-benchmark" {
		t.Error(c.Name, err)
	}
	if c, err := parse("-client", "leat load"); err != nil || !c.Own {
		t.Error(c.Name, err)
	}
	if _, err := parse("-client", "memtier"); err == nil || !strings.Contains(err.Error(), `no client "memtier"`) {
		t.Error(err)
	}
}
