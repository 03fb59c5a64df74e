package load

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressComesOnceASecondAndOnceAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		line := ProgressLine(&lines, false)
		var all []Progress
		mustRun(t, Config{
			Address: "pipe", Dial: pipes(slow(1, 100*time.Millisecond)), Conns: 2, Depth: 3, Rate: 10,
			Warmup: time.Second, Duration: 3 * time.Second,
			Progress: func(p Progress) { all = append(all, p); line(p) },
		})
		// The schedule ends at 4 s and the last replies come after 100 ms.
		if n := len(all); n != 5 || !all[4].Done || all[0].Done {
			t.Fatalf("%d calls: %+v", n, all)
		}
		p := all[2]
		if p.Rate < 9 || p.Rate > 11 {
			t.Errorf("the rate is %v", p.Rate)
		}
		if p.Phase != "running" || p.Elapsed != 3*time.Second || p.Total != 4*time.Second || p.Conns != 2 || p.Errors != 0 {
			t.Errorf("after 3 s: %+v", p)
		}
		if n := strings.Count(lines.String(), "\n"); n != 4 {
			t.Errorf("%d lines:\n%s", n, lines.String())
		}
	})
}

func TestAShortRunShowsNoProgress(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		mustRun(t, Config{Driver: d, Address: listen(t, echo), Requests: 10, Progress: func(p Progress) { t.Errorf("got %+v", p) }})
	})
}

func TestProgressTellsOfErrorsAndOfTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var last Progress
		mustRun(t, Config{
			Address: "pipe", Dial: pipes(stall), Conns: 2, Rate: 10, Duration: 6 * time.Second, Timeout: 4500 * time.Millisecond,
			Progress: func(p Progress) {
				if p.Elapsed == 4*time.Second && (p.InFlight != 2 || p.Backlog < 37) {
					t.Errorf("after 4 s: %+v", p)
				}
				last = p
			},
		})
		if last.Errors != 2 || last.Conns != 0 {
			t.Errorf("at the end: %+v", last)
		}
	})
}

func TestProgressLineOnATerminalIsRewrittenAndErased(t *testing.T) {
	var b bytes.Buffer
	show := ProgressLine(&b, true)
	show(Progress{Phase: "dialing", Conns: 12, Elapsed: time.Second})
	show(Progress{
		Phase: "running", Elapsed: 2 * time.Second, Total: 10 * time.Second, Requests: 12345, Goal: 100000, Rate: 6789.4,
		InFlight: 64, Backlog: 1000, Errors: 3, Conns: 64,
	})
	show(Progress{Done: true})
	want := "\r\x1b[Kdialing: 12 connections, 1s" +
		"\r\x1b[Krunning: 2s of 10s, 12 345 requests of 100 000, 6 789/s, 64 in flight, 1 000 overdue, 3 errors, 64 connections" +
		"\r\x1b[K"
	if b.String() != want {
		t.Errorf("got %q\nwant %q", b.String(), want)
	}
}
