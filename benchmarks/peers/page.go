//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/leat-io/leat/benchmarks/drive"
	"github.com/leat-io/leat/benchmarks/measure"
	"github.com/leat-io/leat/benchmarks/rounds"
)

// A page is the tables as text.
type page struct {
	field   field
	machine string
	command string
	length  time.Duration
	text    []string
}

// head says who was compared, where and how.
func (p *page) head() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## A TCP echo of %d-byte messages\n\n", drive.Message)
	fmt.Fprintf(&b, "%s. `cd benchmarks && %s`: runs of %v, all servers in turn.\n\n", p.machine, strings.TrimSpace(p.command), p.length)
	for _, c := range p.field.contenders {
		fmt.Fprintf(&b, "- %s: %s\n", c.Name, c.version)
	}
	if p.field.missing != "" {
		fmt.Fprintf(&b, "\nNot there: %s.\n", p.field.missing)
	}
	b.WriteString("\nleat is an assembly of a source, a decoder and a sink that replies in order; leat-framed makes a message of each 64 bytes where the others " +
		"echo what a read brought. Figures are medians. A ratio is the geometric mean over neighbouring runs with its 95 % interval. † marks what is " +
		"not trusted because the processors were less than 93 % busy: something else was the limit then.")
	p.text = append(p.text, b.String())
	return b.String()
}

// add appends a table and returns it.
func (p *page) add(t table, got []outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s %d rounds.\n\n| | |", t.title, t.note, t.pairs)
	for _, c := range t.column {
		fmt.Fprintf(&b, " %s |", c.head)
	}
	switch {
	case t.fused:
		fmt.Fprintf(&b, " ratio to %s |", reference)
	case t.better != nil:
		b.WriteString(" ratio to the best Go peer | ratio to C |")
	default:
		b.WriteString(" above an empty process, MB |")
	}
	columns := 2 + len(t.column) + 1
	if t.better != nil && !t.fused {
		columns++
	}
	b.WriteString("\n|" + strings.Repeat("-|", columns) + "\n")
	var remarks []string
	for i, r := range t.rows {
		remarks = append(remarks, p.row(&b, t, r, got[i])...)
	}
	for _, r := range remarks {
		fmt.Fprintf(&b, "\n%s\n", r)
	}
	p.text = append(p.text, b.String())
	return b.String()
}

// row writes a line for each contender, and returns what is to be said below the table.
func (p *page) row(b *strings.Builder, t table, r row, one outcome) (remarks []string) {
	best := p.bestPeer(t, one)
	for _, c := range t.among(p.field.contenders) {
		if why, failed := one.Failed[c.Name]; failed {
			remarks = append(remarks, fmt.Sprintf("%s, %s: failed: %s.", r.name, c.Name, why))
			continue
		}
		runs, mark := one.Runs[c.Name], ""
		if t.trust != nil && !t.trust(medians(runs)) {
			mark = " †"
		}
		fmt.Fprintf(b, "| %s | %s%s |", r.name, c.Name, mark)
		for _, col := range t.column {
			fmt.Fprintf(b, " "+col.verb+" |", measure.Median(runs, col.text))
		}
		if t.fused {
			fmt.Fprintf(b, " %s |\n", rounds.Ratio(runs, one.Runs[reference], t.better, c.Name == reference))
			continue
		}
		if t.better != nil {
			fmt.Fprintf(b, " %s | %s |\n", rounds.Ratio(runs, one.Runs[best], t.better, c.Name == best), rounds.Ratio(runs, one.Runs[limit], t.better, c.inC))
			continue
		}
		// A program in C has nothing in common with one in Go: its own memory before there are connections is taken.
		nothing := measure.Median(runs, before.text)
		if !c.inC {
			nothing = measure.Median(one.Runs[p.field.empty.Name], before.text)
		}
		fmt.Fprintf(b, " %.1f |\n", measure.Median(runs, served.text)-nothing)
	}
	return remarks
}

// bestPeer is the contender in Go, by other people, whose median is best.
func (p *page) bestPeer(t table, one outcome) (name string) {
	if t.better == nil {
		return ""
	}
	most := 0.0
	for _, c := range p.field.contenders {
		if runs := one.Runs[c.Name]; c.peer && len(runs) > 0 {
			if v := measure.Median(runs, t.better); v > most {
				name, most = c.Name, v
			}
		}
	}
	return name
}

// medians has the medians of what trust asks for.
func medians(runs []figures) figures {
	return figures{Server: measure.Median(runs, server.text) / 100, Client: measure.Median(runs, client.text) / 100}
}

func (p *page) String() string { return strings.Join(p.text, "\n\n") }
