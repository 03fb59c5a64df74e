package rounds

import (
	"fmt"
	"strings"

	"github.com/leat-io/leat/benchmarks/measure"
)

// A Page is tables as text.
type Page[S any] struct {
	table *Table[S]
	text  strings.Builder
}

// Head says what was compared, where and how. It returns its text.
func (p *Page[S]) Head(title, command string, rounds int, more string) string {
	s := fmt.Sprintf("## %s\n\n%s. `cd benchmarks && %s`: medians of %d rounds with the least and the greatest; a ratio is the "+
		"geometric mean over the rounds with its 95 %% interval.%s\n", title, measure.Machine(), strings.TrimSpace(command), rounds, more)
	p.text.WriteString(s)
	return s
}

// Add appends a row, and returns its text.
func (p *Page[S]) Add(r Row[S], got Outcome[S]) string {
	var b strings.Builder
	if p.table != r.Table {
		p.table = r.Table
		p.begin(&b)
	}
	for _, e := range r.Entries {
		runs := got[e.Name]
		fmt.Fprintf(&b, "| %s | %s |", r.Name, e.Name)
		for _, c := range r.Table.Columns {
			fmt.Fprintf(&b, " "+c.Verb+" | %s |", measure.Median(runs, c.Of), Span(runs, c.Of, c.Verb))
		}
		if r.Table.Better != nil {
			fmt.Fprintf(&b, " %s |", Ratio(runs, got[r.Table.Reference], r.Table.Better, e.Name == r.Table.Reference))
		}
		b.WriteString("\n")
	}
	p.text.WriteString(b.String())
	return b.String()
}

// begin writes the head of a table.
func (p *Page[S]) begin(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n| | |", p.table.Title, p.table.Note)
	for _, c := range p.table.Columns {
		fmt.Fprintf(b, " %s | least – greatest |", c.Head)
	}
	columns := 2 + 2*len(p.table.Columns)
	if p.table.Better != nil {
		fmt.Fprintf(b, " ratio to %s |", p.table.Reference)
		columns++
	}
	b.WriteString("\n|" + strings.Repeat("-|", columns) + "\n")
}

// String is all that was added.
func (p *Page[S]) String() string { return p.text.String() }
