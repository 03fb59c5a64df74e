package doctor

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Worst returns the worst of the verdicts.
func Worst(found []Finding) Verdict {
	order := []Verdict{OK, Unseen, Low, Bad}
	worst := 0
	for _, f := range found {
		worst = max(worst, slices.Index(order, f.Verdict))
	}
	return order[worst]
}

// WriteText writes one finding a line, and then what to do.
func WriteText(w io.Writer, found []Finding) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range found {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Verdict, f.Name, f.Value, f.Limits)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	advised := slices.DeleteFunc(slices.Clone(found), func(f Finding) bool { return f.Advice == "" })
	if len(advised) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nWhat to do; sysctl lasts until the next start, a line in /etc/sysctl.d for good:")
	for _, f := range advised {
		fmt.Fprintf(t, "  %s\t%s\n", f.Name, f.Advice)
	}
	return t.Flush()
}
