package comparing

import (
	"context"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/latency"
	"github.com/leat-io/leat/cmd/leat/load/profile"
	"github.com/leat-io/leat/pipeline/compare"
)

// server accepts connections until the test ends.
func server(t *testing.T, handle func(net.Conn)) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); handle(c) }()
		}
	}()
	return ln.Addr().String()
}

func TestALoadMeasuresBetweenBeginAndEnd(t *testing.T) {
	address := server(t, func(c net.Conn) { io.Copy(c, c) })
	phases, err := profile.Parse("warm 1000 20ms, hold 2000 100ms")
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]load.Config{
		"closed": {Protocol: load.Line, Conns: 2}, "open": {Protocol: load.Line, Rate: 1000}, "profile": {Protocol: load.Line, Profile: phases},
	} {
		var told []string
		o, err := With(cfg)(t.Context(), compare.Target{
			Address: address, Warmup: 20 * time.Millisecond, Duration: 100 * time.Millisecond,
			Begin: func() { told = append(told, "begin") }, End: func() { told = append(told, "end") },
		})
		if err != nil || o.Messages == 0 || o.Wrong != 0 || o.Elapsed < 100*time.Millisecond || len(o.Latency) == 0 {
			t.Errorf("%s: %v, %+v", name, err, o)
		}
		if want := map[string]float64{"closed": 0, "open": 1000, "profile": 2000}[name]; o.Rate != want {
			t.Errorf("%s: a rate of %v, want %v", name, o.Rate, want)
		}
		if !reflect.DeepEqual(told, []string{"begin", "end"}) {
			t.Errorf("%s: told %v", name, told)
		}
	}
}

func TestALoadThatIsNeverAnsweredSaysWhy(t *testing.T) {
	address := server(t, func(c net.Conn) { io.Copy(c, strings.NewReader("nonsense\n")) })
	_, err := With(load.Config{Protocol: load.Line})(context.Background(), compare.Target{
		Address: address, Duration: 50 * time.Millisecond, Begin: func() {}, End: func() {},
	})
	if err == nil || !strings.Contains(err.Error(), "no request was answered rightly: connection 0") {
		t.Error(err)
	}
}

func TestAnOutcomeCountsWhatIsWrongButNotWhatWasCutShort(t *testing.T) {
	o := outcome(load.Result{
		OK: 90, Requests: 100, Mismatched: 3, Unanswered: 7, Canceled: 5, Elapsed: time.Second, Rate: 50,
		Open: &load.Open{Late: load.Latency{P99: 7}}, Distribution: []latency.Quantile{{Below: .5, Value: 3}},
	})
	want := compare.Outcome{Messages: 90, Wrong: 5, Elapsed: time.Second, Rate: 50, Late: 7, Latency: []compare.Quantile{{Below: .5, Value: 3}}}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v, want %+v", o, want)
	}
}
