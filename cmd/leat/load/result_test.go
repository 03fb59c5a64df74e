package load

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/cmd/leat/load/workload"
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
	r.Loop, r.Address, r.Driver, r.Protocol, r.Reply, r.Message, r.Depth = "closed", "127.0.0.1:7000", Goroutine, Frame, Upper, 64, 16
	r.Users, r.Conns, r.Elapsed, r.BytesSent, r.BytesReceived = 1000, 1000, 1500*time.Millisecond, 68_000, 67_932
	r.Connect = Latency{Mean: 55_500, P50: 50_000, P90: 60_000, P99: 100_000, P999: 100_000, Max: 123_456}
	r.Distribution = []latency.Quantile{{Below: 0, Value: 100_000}, {Below: .9, Value: 800_000}, {Below: 1, Value: time.Second}}
	r.Timeline = []latency.Step{{Length: time.Second, Count: 900, P50: 400_000, P99: 2_000_000, Max: 3_000_000},
		{At: time.Second, Length: 500 * time.Millisecond, Count: 99, P50: 400_000, P99: 2_000_000, Max: time.Second}}
	r.Errors = []Errors{}
	return r
}

func openResult() Result {
	r := closedResult()
	r.Loop, r.Driver, r.Loops, r.Rate, r.ConnsLost = "open", Reactor, 2, 50_000, 1
	r.Requests, r.Mismatched, r.Unanswered, r.Unsent, r.Canceled = 1_234_567, 1, 12, 3, 2
	r.Open = &Open{Service: r.Latency, Late: Latency{Mean: 31_234, Max: 1_000_500}, Delayed: 7, MaxWaiting: 5}
	r.OldestUnanswered = time.Date(2026, 11, 20, 12, 0, 0, 5000, time.UTC)
	r.Errors = []Errors{
		{EOF, 13, "connection 7, after 3 replies and with 12 requests in flight: EOF"},
		{Mismatch, 1, `connection 3, reply to request 17: byte 2 of 64 is wrong: got "x", want "a" (from byte 2)`},
	}
	return r
}

// poolResult has what the other two have not.
func poolResult() Result {
	r := openResult()
	r.Label, r.Protocol, r.Reply, r.Request, r.Keys, r.Zipf = "pooled", RESP, "", workload.MIXED, 10_000, .99
	r.Rate, r.Profile, r.Pool, r.ErrorReplies = 0, "ramp 0-100 1s, hold 100 500ms", new(8), 1
	r.Phases = []PhaseResult{
		{Phase: "ramp 0-100 1s", Length: time.Second, Requests: 50, OK: 50, RPS: 50, Latency: r.Latency},
		{Phase: "hold 100 500ms", Length: 500 * time.Millisecond, Requests: 50, OK: 49, RPS: 98, Latency: r.Latency},
	}
	r.Addresses = []AddressResult{
		{Address: "127.0.0.1:7000", OK: 500, RPS: 333.3, Latency: r.Latency, Connect: r.Connect},
		{Address: "unix:/run/kv", OK: 499, Mismatched: 1, RPS: 332.7, Latency: r.Latency, Connect: r.Connect},
	}
	r.Errors = append(r.Errors, Errors{ErrorReply, 1, "LOADING the keys are being read"})
	return r
}

func TestTheJSONFormIsStable(t *testing.T) {
	for name, r := range map[string]Result{"closed.json": closedResult(), "open.json": openResult(), "pool.json": poolResult()} {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, append(b, '\n'))
		var again Result
		if err := json.Unmarshal(b, &again); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s is read as %+v: %v", name, again, err)
		}
	}
}

func TestTheTextFormIsStable(t *testing.T) {
	for name, r := range map[string]Result{"closed.txt": closedResult(), "open.txt": openResult(), "pool.txt": poolResult()} {
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
