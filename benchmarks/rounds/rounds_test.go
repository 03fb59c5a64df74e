package rounds_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leat-io/leat/benchmarks/record"
	. "github.com/leat-io/leat/benchmarks/rounds"
)

type sample struct{ Each float64 }

func each(s sample) float64 { return s.Each }

var table = &Table[sample]{Title: "Cost", Note: "Of one.", Columns: []Column[sample]{{"ns", each, "%.1f"}}, Better: each, Reference: "channel"}

// said gives a candidate that notes its name when it is run, and each time costs more.
func said(to *[]string, name string, cost float64) Entry[sample] {
	n := 0.
	return Entry[sample]{name, func() (sample, error) {
		*to = append(*to, name)
		n++
		return sample{cost * n}, nil
	}}
}

func TestTheOrderMovesOnByOneEachRound(t *testing.T) {
	var order []string
	r := Row[sample]{"row", table, []Entry[sample]{said(&order, "a", 1), said(&order, "b", 1), said(&order, "c", 1)}}
	if _, err := r.Compare(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ""); got != "abcbcacab" {
		t.Fatal(got)
	}
}

func TestATableShowsMediansSpreadAndRatios(t *testing.T) {
	var order []string
	r := Row[sample]{"row", table, []Entry[sample]{said(&order, "channel", 10), said(&order, "other", 20)}}
	got, err := r.Compare(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	var p Page[sample]
	text := p.Head("Title", "go run .", 3, " More.") + p.Add(r, got) + p.Add(r, got)
	for _, want := range []string{
		"## Title\n", "`cd benchmarks && go run .`: medians of 3 rounds", "95 % interval. More.\n", "### Cost\n\nOf one.\n\n| | | ns | least – greatest | ratio to channel |\n|-|-|-|-|-|\n",
		"| row | channel | 20.0 | 10.0 – 30.0 | 1 |\n", "| row | other | 40.0 | 20.0 – 60.0 | 2.000 (2.000 – 2.000) |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if strings.Count(text, "### Cost") != 1 || p.String() != text {
		t.Error(p.String())
	}
	alone := *table
	alone.Reference = "who is not there"
	r.Table = &alone
	if text := p.Add(r, got); !strings.Contains(text, "| 40.0 | 20.0 – 60.0 | – |\n") {
		t.Error(text)
	}
}

func TestWhatTheLogHasIsNotMeasuredAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	var order []string
	var pages []string
	for _, settings := range []string{"fast", "fast", "slow"} {
		log, err := record.Open(path, true)
		if err != nil {
			t.Fatal(err)
		}
		var p Page[sample]
		var out strings.Builder
		err = All(t.Context(), log, settings, 2, []Row[sample]{{"row", table, []Entry[sample]{said(&order, "a", 1)}}}, &p, &out)
		if err := errors.Join(err, log.Close()); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, out.String())
	}
	if len(order) != 4 || pages[0] != pages[1] || pages[0] == "" {
		t.Fatal(order, pages)
	}
}

func TestAFailureNamesTheRowAndTheCandidate(t *testing.T) {
	broken := errors.New("it is broken")
	r := Row[sample]{"row", table, []Entry[sample]{{"bad", func() (sample, error) { return sample{}, broken }}}}
	if _, err := r.Compare(t.Context(), 1); !errors.Is(err, broken) || !strings.Contains(err.Error(), "row, bad") {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Compare(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
