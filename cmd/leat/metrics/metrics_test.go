package metrics_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/cmd/leat/metrics"
	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m) }

// A figures is one line.
type figures struct {
	Msg        string
	Active     int
	Total      int
	Requests   int
	In         int `json:"bytes_in"`
	Out        int `json:"bytes_out"`
	RPS        float64
	BPS        float64
	Lanes      int
	Goroutines int
	HeapMB     float64 `json:"heap_mb"`
	Seconds    float64
}

// lines reads what was logged.
func lines(t *testing.T, b []byte) (all []figures) {
	t.Helper()
	for l := range bytes.Lines(b) {
		var f figures
		if err := json.Unmarshal(l, &f); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		all = append(all, f)
	}
	return all
}

// echo runs a server with two workers and a line every ten seconds while during runs, and returns the lines.
func echo(t *testing.T, during func(s *mem.Source)) []figures {
	t.Helper()
	var log bytes.Buffer
	p, s := pipeline.New("echo"), mem.New()
	text := line.Text(100)
	p.From(s).Via("decode", codec.Decode(text)).
		Shard("by connection", 2, stage.ByConn, queue.Chan[line.Line]).
		To("reply", sinks.Reply(text))
	m := metrics.New(p, slog.New(slog.NewJSONHandler(&log, nil)), "decode", 10*time.Second)
	p.Beside(m.Service())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	synctest.Wait()
	during(s)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	m.Final()
	return lines(t, log.Bytes())
}

// ask sends n requests and reads the answers.
func ask(t *testing.T, c io.ReadWriter, n int) {
	t.Helper()
	in := bufio.NewReader(c)
	for i := range n {
		if _, err := fmt.Fprintf(c, "%03d\n", i); err != nil {
			t.Fatal(err)
		}
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALineSaysWhatHappenedSinceTheLastAndSinceTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := echo(t, func(s *mem.Source) {
			c, err := s.Dial()
			if err != nil {
				t.Fatal(err)
			}
			ask(t, c, 50)
			time.Sleep(11 * time.Second)
			ask(t, c, 20)
			c.Close()
			time.Sleep(10 * time.Second)
		})
		want := []figures{
			{Msg: "metrics", Active: 1, Total: 1, Requests: 50, In: 200, Out: 200, RPS: 5, BPS: 320, Lanes: 3, Seconds: 10},
			{Msg: "metrics", Active: 0, Total: 1, Requests: 70, In: 280, Out: 280, RPS: 2, BPS: 128, Lanes: 3, Seconds: 10},
			{Msg: "metrics at the end", Active: 0, Total: 1, Requests: 70, In: 280, Out: 280, RPS: 3.3, BPS: 213.3, Lanes: 3, Seconds: 21},
		}
		if len(all) != len(want) {
			t.Fatalf("%d lines, not %d: %+v", len(all), len(want), all)
		}
		for i, f := range all {
			if f.Goroutines < 1 || f.HeapMB <= 0 {
				t.Errorf("the process has %d goroutines and %v MB", f.Goroutines, f.HeapMB)
			}
			f.Goroutines, f.HeapMB = 0, 0
			if f != want[i] {
				t.Errorf("line %d is  %+v\nand not %+v", i, f, want[i])
			}
		}
	})
}

func TestAServerWithNothingToDoSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := echo(t, func(*mem.Source) { time.Sleep(35 * time.Second) })
		if len(all) != 4 {
			t.Fatalf("%d lines in 35 s: %+v", len(all), all)
		}
		for _, f := range all {
			if f.Active != 0 || f.Total != 0 || f.Requests != 0 || f.RPS != 0 {
				t.Errorf("nothing happened, but the line is %+v", f)
			}
		}
	})
}

func TestAServerThatEndsBeforeTheFirstLineSaysWhatItDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := echo(t, func(s *mem.Source) {
			c, err := s.Dial()
			if err != nil {
				t.Fatal(err)
			}
			ask(t, c, 5)
			c.Close()
		})
		if len(all) != 1 || all[0].Requests != 5 || all[0].RPS != 0 { // no time has passed
			t.Errorf("%+v", all)
		}
	})
}
