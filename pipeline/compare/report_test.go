package compare

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

// synthetic is a report of seeded figures: an equal variant, one that is slower, and one with a load that could not keep up.
func synthetic(rounds int) *Report {
	r := rand.New(rand.NewPCG(7, 7))
	cfg := Config{Name: "four <designs>", Detail: "leat load --conns 64", Rounds: 6, Pin: true}.withDefaults()
	rep := newReport(cfg, []Variant{{Name: "fused", Detail: "leat tcp --workers=0"}, {Name: "equal"}, {Name: "slower & more"}, {Name: "<starved>"}})
	rep.Began = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	rep.Machine = Machine{Processor: "A Processor", Processors: 2, System: "linux/amd64", Kernel: "6.1", Go: "go1.27.4", Program: "example.org/x"}
	rep.Commands = []string{"leat compare tcp --vary workers=0,2"}
	for round := range rounds {
		for _, i := range order(4, round) {
			speed, busy := []float64{1, 1, .7, .9}[i], []float64{.99, .99, .99, .5}[i]
			tput := noisy(r, 1, 100_000*speed, .01)[0]
			m := Measurement{
				Variant: rep.Variants[i].Name, Round: round + 1, Messages: int64(3 * tput), Seconds: 3, Throughput: tput,
				CPU: 1e6 * busy / tput, Busy: busy, Processors: 1, Allocs: 2e-4 * float64(i), Resident: 12e6,
				LoadBusy: .95, LoadProcessors: 1,
			}
			var latencies []time.Duration
			for range 5000 {
				latencies = append(latencies, time.Duration(1e5*r.ExpFloat64()/speed)+10*time.Microsecond)
			}
			m.Latency = Quantiles(latencies)
			rep.Runs = append(rep.Runs, m)
		}
	}
	rep.conclude()
	return rep
}

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
		t.Errorf("%s differs from what was written (run with -update to see how):\n%s", name, got)
	}
}

func TestTheReportIsWrittenForAPersonAndAsJSON(t *testing.T) {
	rep := synthetic(6)
	var text bytes.Buffer
	if err := rep.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", text.Bytes())
	for i := range rep.Runs { // the distributions are long; that of the variants stays
		rep.Runs[i].Latency = rep.Runs[i].Latency[:2]
	}
	b, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", append(b, '\n'))
}

func TestAReportIsReadBackAsItWas(t *testing.T) {
	rep := synthetic(3)
	b, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	back := &Report{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(back); err != nil {
		t.Fatal(err)
	}
	back.conclude()
	var a, c bytes.Buffer
	if err := errors.Join(rep.WriteText(&a), back.WriteText(&c)); err != nil || a.String() != c.String() {
		t.Errorf("%v:\n%s\n%s", err, a.String(), c.String())
	}
	if !reflect.DeepEqual(rep.Machine, back.Machine) || rep.Complete {
		t.Errorf("%+v, complete %v", back.Machine, rep.Complete)
	}
}

func TestVerdictsOfAReportFollowFromItsRuns(t *testing.T) {
	rep := synthetic(6)
	for _, c := range []struct {
		variant   int
		metric    string
		want      Verdict
		untrusted bool
	}{
		{1, "throughput", Same, false},
		{2, "throughput", Worse, false},
		{2, "latency p50", Worse, false},
		{2, "CPU", Worse, false},
		{3, "throughput", Worse, true},
		{3, "CPU", Better, false}, // only what concerns the load is spoiled
		{3, "allocations", Same, false},
		{3, "memory", Same, false},
	} {
		f, ok := rep.Variants[c.variant].Figure(c.metric)
		if !ok || f.Ratio.Verdict != c.want || f.Untrusted != c.untrusted || f.Ratio.Pairs != 6 {
			t.Errorf("%s of variant %d: %+v, %+v", c.metric, c.variant, f, f.Ratio)
		}
	}
	if f, _ := rep.Variants[0].Figure("throughput"); f.Ratio != nil || f.Untrusted {
		t.Errorf("the base: %+v", f)
	}
}

func TestACutComparisonPairsOnlyRoundsThatHaveBoth(t *testing.T) {
	rep := synthetic(2)
	rep.Runs = rep.Runs[:5] // of the second round one
	rep.conclude()
	pairs := 0
	for _, v := range rep.Variants[1:] {
		f, _ := v.Figure("throughput")
		pairs += f.Ratio.Pairs
		if f.Ratio.Verdict != Unresolved {
			t.Errorf("%s: %+v", v.Name, f.Ratio)
		}
	}
	if pairs != 3 {
		t.Errorf("%d pairs", pairs)
	}
	rep.Runs = nil
	rep.conclude()
	var b bytes.Buffer
	if err := errors.Join(rep.WriteText(&b), rep.WriteHTML(&b)); err != nil || !strings.Contains(b.String(), "0 runs of 6 rounds") {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestAFigureThatTheSystemDoesNotTellIsLeftOut(t *testing.T) {
	rep := synthetic(3)
	for i := range rep.Runs {
		rep.Runs[i].CPU, rep.Runs[i].Resident = 0, 0
	}
	rep.conclude()
	for _, m := range rep.metrics() {
		if m.Name == "CPU" || m.Name == "memory" {
			t.Errorf("%s is shown", m.Name)
		}
	}
}

func TestThePageIsWellFormedAndNeedsNothingElse(t *testing.T) {
	for _, rounds := range []int{1, 6} {
		var b bytes.Buffer
		if err := synthetic(rounds).WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		elements := map[string]int{}
		for d := xml.NewDecoder(strings.NewReader(page)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, page)
			}
			if e, ok := token.(xml.StartElement); ok {
				elements[e.Name.Local]++
				for _, a := range e.Attr {
					if a.Name.Local == "href" || a.Name.Local == "src" || strings.HasPrefix(a.Name.Local, "on") {
						t.Errorf("%s has %s", e.Name.Local, a.Name.Local)
					}
				}
			}
		}
		for _, no := range []string{"script", "link", "img", "iframe", "starved"} {
			if elements[no] > 0 {
				t.Errorf("there is a %s", no)
			}
		}
		if elements["svg"] != 2+4 || elements["section"] < 11 {
			t.Errorf("it has %v", elements)
		}
		if found := regexp.MustCompile(`(?i)https?:|url\(|@import|NaN|Inf\b|%!`).FindString(page); found != "" {
			t.Errorf("it has %q", found)
		}
		for _, want := range []string{"prefers-color-scheme:dark", "width=device-width", "four &lt;designs&gt;", "&lt;starved&gt;", "slower &amp; more",
			"A Processor", "go1.27.4", "leat compare tcp --vary workers=0,2", "leat tcp --workers=0", "the load was the bottleneck"} {
			if !strings.Contains(page, want) {
				t.Errorf("%q is missing", want)
			}
		}
	}
}

func TestNumbersAreShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 1.234: "1.23", 12.34: "12.3", .00021: "0.0002", .0123: "0.0123", 123.4: "123", 1234567: "1 234 567", 99.96: "100.0"} {
		if got := number(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{1.05: "+5.0 %", .5: "-50 %", 1: "0.0 %", .9999: "0.0 %", 12.3: "12.3×", .995: "-0.5 %"} {
		if got := change(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
