// Package rounds runs candidates in turn, in an order that moves on by one each round, and shows what they gave as tables: medians
// with the least and the greatest, and ratios to one of them, round by round.
package rounds

import (
	"context"
	"fmt"
	"io"

	"github.com/leat-io/leat/benchmarks/record"
)

// A Table is how rows of one kind are shown. S is what one run gives.
type Table[S any] struct {
	Title   string
	Note    string
	Columns []Column[S]
	Better  func(S) float64 // of which ratios to the reference are taken; less is better. nil: no ratios

	Reference string // the candidate to which the others are compared
}

// A Column shows a median.
type Column[S any] struct {
	Head string
	Of   func(S) float64
	Verb string // of fmt
}

// An Entry is a candidate in a row.
type Entry[S any] struct {
	Name string
	Run  func() (S, error)
}

// A Row is one measurement of those that it suits.
type Row[S any] struct {
	Name    string
	Table   *Table[S]
	Entries []Entry[S]
}

// An Outcome is the runs of each candidate, of which those with one index are of one round.
type Outcome[S any] map[string][]S

// Compare runs the candidates in turn.
func (r Row[S]) Compare(ctx context.Context, rounds int) (Outcome[S], error) {
	got := make(Outcome[S])
	for i := range rounds {
		for j := range r.Entries {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			e := r.Entries[(i+j)%len(r.Entries)]
			s, err := e.Run()
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", r.Name, e.Name, err)
			}
			got[e.Name] = append(got[e.Name], s)
		}
	}
	return got, nil
}

// All compares row after row, unless the log has it under the row's name and the settings, and writes the page to out as it
// grows.
func All[S any](ctx context.Context, log *record.Log, settings string, rounds int, all []Row[S], p *Page[S], out io.Writer) error {
	for _, r := range all {
		key := fmt.Sprintf("%s: %d rounds, %s", r.Name, rounds, settings)
		for _, e := range r.Entries {
			key += ", " + e.Name
		}
		got, err := record.Once(log, r.Name, key, func() (Outcome[S], error) { return r.Compare(ctx, rounds) })
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, p.Add(r, got)); err != nil {
			return err
		}
	}
	return nil
}
