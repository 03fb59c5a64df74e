package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/workload"
	"github.com/leat-io/leat/pipeline"
)

// cycles is how often the server is stopped under load: some times, or as often as LEAT_CYCLES says.
func cycles(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("LEAT_CYCLES"))
	if os.Getenv("LEAT_CYCLES") != "" && err != nil {
		t.Fatal(err)
	}
	return max(n, 5)
}

// Loads that keep a server busy.
var (
	capitals = load.Config{Protocol: load.Line, Reply: load.Upper}
	counting = load.Config{Protocol: load.RESP, Request: workload.INCR, Keys: 100}
)

// stopUnderLoad ends a server that 16 connections keep busy, 16 requests deep, and returns what the client saw and when the
// signal was sent.
func stopUnderLoad(t *testing.T, p *process, s os.Signal, cfg load.Config) (res load.Result, status int, sent time.Time) {
	cfg.Address, cfg.Conns, cfg.Depth, cfg.Duration = p.address, 16, 16, time.Minute
	done := make(chan load.Result, 1)
	go func() {
		res, err := load.Run(t.Context(), cfg)
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	time.Sleep(200 * time.Millisecond)
	sent = time.Now()
	status = p.end(s)
	return <-done, status, sent
}

// stamped is how long before it is written a request may have its time: all that one turn of a loop of the load sends have theirs
// before the first is written, and under the race detector a turn takes long.
const stamped = 10 * time.Millisecond

// lost says what a server owed and did not deliver: requests that were on their way before the signal, and requests that
// it counted as accepted. Over loopback what was written has arrived.
func lost(res load.Result, sent time.Time, accepted uint64) error {
	if res.OK == 0 {
		return fmt.Errorf("nothing was answered at all: %+v", res.Errors)
	}
	if res.Mismatched > 0 {
		return fmt.Errorf("%d answers were wrong: %+v", res.Mismatched, res.Errors)
	}
	if o := res.OldestUnanswered; res.Unanswered > 0 && o.Before(sent.Add(-stamped)) {
		return fmt.Errorf("of %d unanswered requests one was sent %v before the signal", res.Unanswered, sent.Sub(o))
	}
	if uint64(res.OK) != accepted {
		return fmt.Errorf("%d requests were accepted and %d answered", accepted, res.OK)
	}
	return nil
}

func TestWhatWasAcceptedBeforeSIGTERMIsAnswered(t *testing.T) {
	for range cycles(t) {
		p := serve(t, "--app", "upper", "--workers", "4", "--delay", "5ms", "--json")
		drained(t, p, capitals)
	}
}

// drained ends a server that was started with --json under load. It must have answered all that it has accepted.
func drained(t *testing.T, p *process, cfg load.Config) {
	t.Helper()
	res, status, sent := stopUnderLoad(t, p, syscall.SIGTERM, cfg)
	if status != exitOK {
		t.Fatalf("exit status %d: %s", status, p.said())
	}
	var stats pipeline.Stats
	if err := json.Unmarshal(p.out.Bytes(), &stats); err != nil {
		t.Fatalf("%v: %s", err, p.out.String())
	}
	if err := lost(res, sent, stats.Node("decode").Out); err != nil {
		t.Fatal(err)
	}
}

func TestTheDrainCheckFailsOnAServerThatExitsAtOnce(t *testing.T) {
	p := serve(t, "--app", "upper", "--workers", "4", "--delay", "5ms")
	res, _, sent := stopUnderLoad(t, p, syscall.SIGKILL, capitals)
	if err := lost(res, sent, uint64(res.OK)); err == nil {
		t.Fatalf("a server that was killed under load is said to have answered everything: %+v", res)
	}
}

func TestAServerThatCannotFinishInTimeSaysWhatItLost(t *testing.T) {
	p := serve(t, "--app", "upper", "--workers", "1", "--delay", "200ms", "--drain", "300ms")
	_, status, _ := stopUnderLoad(t, p, syscall.SIGTERM, capitals)
	if status != exitNotDone {
		t.Fatalf("exit status %d: %s", status, p.said())
	}
}

// A server of keys and values keeps the promise too, wherever its commands run.
func TestAKeyValueServerAnswersWhatItHasAccepted(t *testing.T) {
	for name, args := range kvs {
		t.Run(name, func(t *testing.T) {
			for range (cycles(t) + 4) / 5 {
				drained(t, serveKV(t, append(args, "--json")...), counting)
			}
		})
	}
}
