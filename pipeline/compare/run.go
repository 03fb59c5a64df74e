package compare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Run compares the variants with the first one and returns a report.
//
// Every process that it starts has ended when it returns. It ends early when ctx does, or when a run fails: a server or a load
// that does not start or ends too early is an error with the last lines that it has said. The report then holds what was
// measured until then.
func Run(ctx context.Context, cfg Config, variants ...Variant) (_ *Report, err error) {
	if p, err := myPart(); err != nil || p != nil {
		fmt.Fprintln(os.Stderr, errNoMain)
		os.Exit(1) // or each process would start others
	}
	cfg = cfg.withDefaults()
	if err := cfg.Check(variants...); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "leat-compare") // which nobody else may enter
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l := &lab{cfg: cfg, dir: dir, report: newReport(cfg, variants)}
	if l.servers, l.loads, err = processors(cfg.Pin); err != nil {
		return nil, err
	}
	err = l.run(ctx, variants)
	l.report.conclude()
	return l.report, err
}

// A lab is a comparison under way.
type lab struct {
	cfg            Config
	dir            string
	servers, loads []int // processors; nil for any
	report         *Report
}

func (l *lab) run(ctx context.Context, variants []Variant) error {
	p := Progress{Rounds: l.cfg.Rounds, Total: l.cfg.Rounds * len(variants)}
	tell := func() {
		p.Left = l.cfg.total(p.Total - p.Done)
		if l.cfg.Progress != nil {
			l.cfg.Progress(p)
		}
	}
	for round := range l.cfg.Rounds {
		for _, i := range order(len(variants), round) {
			p.Round, p.Variant = round+1, variants[i].Name
			tell()
			m, err := l.measure(ctx, &l.report.Variants[i])
			if err != nil {
				return err
			}
			m.Round = round + 1
			l.report.Runs = append(l.report.Runs, m)
			p.Done, p.Last = p.Done+1, &m
		}
	}
	p.Variant = ""
	tell()
	return nil
}

// Progress is how a comparison stands.
type Progress struct {
	Variant       string // that is measured next; empty at the end
	Round, Rounds int    // counted from 1
	Done, Total   int    // runs
	Left          time.Duration
	Last          *Measurement // nil before the first run has ended
}
