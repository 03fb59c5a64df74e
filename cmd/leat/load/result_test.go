package load

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got\n%s", path, got)
	}
}

func closedResult() Result {
	r := sample()
	r.Loop, r.Address, r.Protocol, r.Reply, r.Message, r.Depth = "closed", "127.0.0.1:7000", Frame, Upper, 64, 16
	r.Conns, r.Elapsed, r.BytesSent, r.BytesReceived = 1000, 1500*time.Millisecond, 68_000, 67_932
	r.Errors = []Errors{}
	return r
}

func openResult() Result {
	r := closedResult()
	r.Loop, r.Rate, r.ConnsLost = "open", 50_000, 1
	r.Requests, r.Mismatched, r.Unanswered, r.Unsent, r.Canceled = 1_234_567, 1, 12, 3, 2
	r.Open = &Open{Service: r.Latency, Late: Latency{Mean: 31_234, Max: 1_000_500}, Delayed: 7, MaxWaiting: 5}
	r.OldestUnanswered = time.Date(2026, 11, 20, 12, 0, 0, 5000, time.UTC)
	r.Errors = []Errors{
		{EOF, 13, "connection 7, after 3 replies and with 12 requests in flight: EOF"},
		{Mismatch, 1, `connection 3, reply to request 17: byte 2 of 64 is wrong: got "x", want "a" (from byte 2)`},
	}
	return r
}

func TestTheJSONFormIsStable(t *testing.T) {
	for name, r := range map[string]Result{"closed.json": closedResult(), "open.json": openResult()} {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, append(b, '\n'))
	}
}

func TestTheTextFormIsStable(t *testing.T) {
	for name, r := range map[string]Result{"closed.txt": closedResult(), "open.txt": openResult()} {
		var b bytes.Buffer
		if err := r.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

func TestAnEmptyResultCanBeWritten(t *testing.T) {
	if err := (Result{}).WriteText(new(bytes.Buffer)); err != nil {
		t.Error(err)
	}
}

func TestDurationsAndCountsAreShownShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999: "999ns", 12_345: "12.3µs", 1_234_567: "1.23ms", 99_950 * time.Microsecond: "100ms", 83 * time.Second: "1m23s",
	} {
		if got := short(d); got != want {
			t.Errorf("%d is shown as %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567", -1000: "-1 000", -100: "-100"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is shown as %s, want %s", n, got, want)
		}
	}
}

func TestTheHistogramKeepsThreeDigitsAndExactEnds(t *testing.T) {
	h, other := newHistogram(), newHistogram()
	for i := range int64(1000) {
		to := h
		if i%2 == 1 {
			to = other
		}
		to.record((i + 1) * 1_000_003)
	}
	other.record(int64(2 * time.Hour)) // longer than it can tell
	h.merge(other)
	l := h.summary()
	near := func(name string, got time.Duration, want int64) {
		if diff := int64(got) - want; diff > want/1000 || diff < -want/1000 {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	near("p50", l.P50, 501*1_000_003)
	near("p99", l.P99, 991*1_000_003)
	near("p99.9", l.P999, 1000*1_000_003)
	if want := (500500*1_000_003 + int64(2*time.Hour)) / 1001; int64(l.Mean) != want || l.Max != 2*time.Hour {
		t.Errorf("mean %d, max %v; want %d, 2h", l.Mean, l.Max, want)
	}
}
