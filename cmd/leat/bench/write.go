package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes a table for a person.
func (r Result) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "node\tkind\tunder load\tbatch\tns/msg\tspread\tMB/s\tallocs/msg\tB/msg\t")
	for _, n := range r.Nodes {
		name, kind, load := n.Name, n.Kind, fmt.Sprintf("%.1f", n.PerBatch)
		for _, c := range n.Cells {
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%.1f\t%.0f%%\t%.0f\t%.2f\t%.0f\t\n", name, kind, load, c.Batch, c.Ns, 100*c.Spread, c.Bytes/1e6, c.Allocs, c.Alloced)
			name, kind, load = "", "", "" // once for each node
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var notes strings.Builder
	fmt.Fprintln(&notes, "\nunder load: messages in a batch that came to the node while the assembly ran")
	for _, n := range r.Nodes {
		if len(n.Skipped) > 0 {
			fmt.Fprintf(&notes, "%s: only %d messages came to it, too few for batches of %s\n", n.Name, n.Messages, strings.Trim(fmt.Sprint(n.Skipped), "[]"))
		}
	}
	_, err := io.WriteString(w, notes.String())
	return err
}

// WriteGo writes a line for each run in the format of Go's benchmarks, which benchstat reads.
func (r Result) WriteGo(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "goos: %s\ngoarch: %s\npkg: github.com/leat-io/leat/%s\n", r.OS, r.Arch, r.Assembly)
	if r.CPU != "" {
		fmt.Fprintf(&b, "cpu: %s\n", r.CPU)
	}
	for _, n := range r.Nodes {
		for _, c := range n.Cells {
			for _, t := range c.Runs {
				fmt.Fprintf(&b, "BenchmarkNode/node=%s/batch=%d %d %.3f ns/msg %.0f B/s %.3f allocs/msg %.3f B/msg\n",
					goName(n.Name), c.Batch, t.Messages, t.Ns, t.Bytes, c.Allocs, c.Alloced)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// goName is a name as Go writes it in that of a benchmark: without spaces, and without what divides its parts.
func goName(s string) string { return strings.NewReplacer(" ", "_", "/", "_", "=", "_").Replace(s) }
