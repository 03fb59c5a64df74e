package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/latency"
)

func result(label string) load.Result {
	r := load.Result{
		Label: label, Loop: "open", Address: "127.0.0.1:1", Users: 3, Depth: 2, RPS: 123_456.7, OK: 100_000, Requests: 100_001, Success: .99999,
		Latency: latency.Summary{Mean: 123_456, P50: 100_000, P90: 200_000, P99: 1_000_000, P999: 2_000_000, Max: 3_456_789},
		Profile: "ramp 0-9 1s, hold 9 1s",
		Phases:  []load.PhaseResult{{Phase: "ramp 0-9 1s", Length: time.Second}, {Phase: "hold 9 1s", Length: time.Second}},
	}
	h := latency.NewHistogram()
	for i := range int64(100_000) {
		h.Record(50_000 + i*20)
	}
	r.Distribution = h.Quantiles()
	for i := range 8 {
		at := time.Duration(i) * 250 * time.Millisecond
		r.Timeline = append(r.Timeline, latency.Step{At: at, Length: 250 * time.Millisecond, Count: int64(1000 * i), P50: 100_000, P99: 1_000_000})
	}
	return r
}

func drawn(t *testing.T, f Format, results ...load.Result) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, f, results); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePictureIsWellFormedAndNeedsNothingElse(t *testing.T) {
	svg := drawn(t, SVG, result("a <b> & \"c\""), result("second"))
	d := xml.NewDecoder(strings.NewReader(svg))
	lines := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			if e.Name.Local == "path" && strings.HasPrefix(e.Attr[0].Value, "line") {
				lines++
			}
			if e.Name.Local == "script" || e.Name.Local == "image" {
				t.Errorf("there is a %s", e.Name.Local)
			}
		}
	}
	if lines != 2+2+2+4 { // the legend and three charts
		t.Errorf("%d lines", lines)
	}
	if strings.Contains(strings.ReplaceAll(svg, `xmlns="http://www.w3.org/2000/svg"`, ""), "http") {
		t.Error("it refers to something else")
	}
	for _, want := range []string{
		"a &lt;b&gt; &amp; ", "Latency by percentile", "99.99 %", "Throughput over time", "right replies per second", "in seconds", "20 k",
		"latency (log)", "10µs", "10ms", "prefers-color-scheme:dark", "123457 replies/s, mean 123µs, 99 % within 1ms, 99.999 % right", "hold 9 1s",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestThePageHoldsThePictureAndATable(t *testing.T) {
	page := drawn(t, HTML, result("<script>alert(1)</script>"))
	for _, want := range []string{"<!doctype html>", "<svg ", "<td>123457</td>", "<td>3.46ms</td>", `content="light dark"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "src=") || strings.Contains(page, "href=") {
		t.Error("it has a script or refers to something else")
	}
}

func TestResultsWithoutRepliesAreDrawnEmpty(t *testing.T) {
	svg := drawn(t, SVG, load.Result{Loop: "closed", Users: 1, Depth: 1, Address: "x:1"})
	if strings.Count(svg, "the results hold none of this") != 3 || strings.Contains(svg, "NaN") || !strings.Contains(svg, "closed loop, 1 users, depth 1, x:1") {
		t.Error(svg)
	}
	if err := Write(io.Discard, SVG, nil); err == nil {
		t.Error("nothing was drawn without an error")
	}
}

// Stored results are files that anybody may have written.
func TestFiguresThatMakeNoSenseStayWithinThePicture(t *testing.T) {
	r := result("x")
	r.OK = -5
	r.Distribution = []latency.Quantile{{Below: -1, Value: -time.Hour}, {Below: 7, Value: math.MaxInt64}, {Below: math.NaN()}}
	r.Timeline = []latency.Step{{At: -time.Hour, Length: -1, Count: -1}, {At: math.MaxInt64 / 2, Length: time.Hour, Count: math.MaxInt64, P99: math.MaxInt64}}
	if svg := drawn(t, SVG, r); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || len(svg) > 1<<20 {
		t.Error(svg)
	}
}

func TestTheFileNameChoosesTheFormat(t *testing.T) {
	for name, want := range map[string]Format{"a.svg": SVG, "b/c.HTML": HTML, "d.htm": HTML} {
		if got, err := FormatOf(name); got != want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := FormatOf("a.png"); err == nil || !strings.Contains(err.Error(), `"a.png" ends neither with .svg nor with .html`) {
		t.Errorf("got %v", err)
	}
}
