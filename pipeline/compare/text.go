package compare

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteText writes the report for a person: a table for each metric with a row for each variant, and what is to be doubted.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.summary())
	var rows [][]string
	for _, m := range r.metrics() {
		rows = append(rows, nil, []string{fmt.Sprintf("%s (%s, %s)", m.Name, m.Unit, m.wanted())},
			[]string{"  variant", "median", "spread", "ratio", "95 % interval", "verdict"})
		for _, v := range r.Variants {
			if f, ok := v.Figure(m.Name); ok {
				rows = append(rows, f.row(v.Name))
			}
		}
	}
	align(&b, rows)
	if notes := r.notes(); len(notes) > 0 {
		b.WriteString("\nuntrusted (!)\n")
		for _, n := range notes {
			fmt.Fprintf(&b, "  %s\n", n)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) summary() string {
	done := "all"
	if !r.Complete {
		done = fmt.Sprintf("%d runs of", len(r.Runs))
	}
	s := fmt.Sprintf("%d variants, %s %d rounds of %v s; ratios to %s in the same round", len(r.Variants), done, r.Rounds, r.Duration, r.Variants[0].Name)
	if r.Name != "" {
		s = r.Name + ": " + s
	}
	return s
}

// metrics are those that any variant has.
func (r *Report) metrics() (all []Metric) {
	for _, m := range catalogue {
		for _, v := range r.Variants {
			if _, ok := v.Figure(m.Name); ok {
				all = append(all, m)
				break
			}
		}
	}
	return all
}

// Figure returns the figure of a metric by its name.
func (v VariantReport) Figure(metric string) (Figure, bool) {
	for _, f := range v.Figures {
		if f.Name == metric {
			return f, true
		}
	}
	return Figure{}, false
}

func (m Metric) wanted() string {
	if m.More {
		return "more is better"
	}
	return "less is better"
}

func (f Figure) row(variant string) []string {
	cells := []string{"  " + variant, number(f.Median), spread(f), "", "", ""}
	if r := f.Ratio; r != nil {
		cells[3], cells[4], cells[5] = ratio(r.Mean), r.Interval.String(), f.Word(r.Verdict)
	}
	if f.Untrusted {
		cells[5] = strings.TrimSpace(cells[5] + " !")
	}
	return cells
}

func spread(f Figure) string {
	if len(f.Values) < 2 || f.Median == 0 {
		return ""
	}
	return fmt.Sprintf("±%.1f %%", 100*f.Spread())
}

// String is the interval for a person; a nil one is none.
func (i *Interval) String() string {
	if i == nil {
		return "one pair"
	}
	return ratio(i.Low) + " – " + ratio(i.High)
}

// notes are the doubts about each variant.
func (r *Report) notes() (all []string) {
	for _, v := range r.Variants {
		for _, why := range v.Untrusted {
			all = append(all, v.Name+": "+why)
		}
	}
	return all
}

// ratio shows three decimals, and of what is far from 1 three digits.
func ratio(v float64) string {
	if v >= .1 && v < 10 {
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// number shows three digits or a whole number, with a space between thousands.
func number(v float64) string {
	if v < 100 {
		digits := 2
		if v > 0 {
			digits = min(4, 2-int(math.Floor(math.Log10(v))))
		}
		return strconv.FormatFloat(v, 'f', max(0, digits), 64)
	}
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// align writes rows in columns, the first and the last to the left, the others to the right. Rows of one cell stand for
// themselves.
func align(b *strings.Builder, rows [][]string) {
	var wide [6]int
	for _, row := range rows {
		for i, cell := range row {
			if len(row) > 1 {
				wide[i] = max(wide[i], utf8.RuneCountInString(cell))
			}
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", max(0, wide[i]-utf8.RuneCountInString(cell)))
			switch i {
			case 0:
				line.WriteString(cell + pad)
			case len(wide) - 1:
				line.WriteString("   " + cell)
			default:
				line.WriteString("   " + pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
