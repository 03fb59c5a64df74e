package compare

import (
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"github.com/leat-io/leat/internal/chart"
)

// WriteHTML writes the report as one page that needs nothing else: neither network nor scripts. It follows the reader's light
// or dark colours and fits a phone.
func (r *Report) WriteHTML(w io.Writer) error {
	p := page{r: r}
	p.f(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"/><meta name="color-scheme" content="light dark"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>%s</title>
<style>%s%s</style>
</head><body><main>
`, esc(r.title()), chart.Style(), sheet)
	p.head()
	p.glance()
	p.doubts()
	p.percentiles()
	for _, m := range r.metrics() {
		p.card(m)
	}
	p.variants()
	p.runs()
	p.method()
	p.f("</main></body></html>\n")
	_, err := io.WriteString(w, p.b.String())
	return err
}

func esc(s string) string { return html.EscapeString(s) }

// A page is a report that is being written as HTML, well-formed as XML.
type page struct {
	r *Report
	b strings.Builder
}

func (p *page) f(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

func (r *Report) title() string {
	if r.Name != "" {
		return r.Name
	}
	return "Comparison of designs"
}

func (p *page) head() {
	r := p.r
	p.f("<header><h1>%s</h1>\n<p class=\"lead\">%d variants against <b>%s</b> in %d alternated rounds of %s on %s.</p>\n",
		esc(r.title()), len(r.Variants), esc(r.Variants[0].Name), r.Rounds, time.Duration(r.Duration*float64(time.Second)), r.Began.Format("2 January 2006, 15:04 MST"))
	if !r.Complete {
		p.f("<p class=\"warn\">Cut short: %d of %d runs were made.</p>\n", len(r.Runs), r.Rounds*len(r.Variants))
	}
	p.f("</header>\n")
}

// swatch is the colour of a variant.
func swatch(i int) string { return `<i class="swatch ` + series(i) + `"></i>` }

// series is the class of the lines of a variant. When the colours are used up lines are dashed.
func series(i int) string {
	if i/chart.Colours%2 == 1 {
		return chart.Colour(i) + " dashed"
	}
	return chart.Colour(i)
}

// glance is a table of what changed: a row for each variant, a column for each metric.
func (p *page) glance() {
	ms := p.r.metrics()
	p.f("<section><h2>At a glance</h2>\n<div class=\"scroll\"><table class=\"glance\"><thead><tr><th>variant</th>")
	for _, m := range ms {
		p.f("<th>%s</th>", esc(m.Name))
	}
	p.f("</tr></thead><tbody>\n")
	for i, v := range p.r.Variants {
		p.f("<tr><th>%s%s</th>", swatch(i), esc(v.Name))
		for _, m := range ms {
			f, ok := v.Figure(m.Name)
			switch {
			case !ok:
				p.f("<td></td>")
			case f.Ratio == nil:
				p.f("<td><span class=\"plain\">%s</span><small>%s%s</small></td>", number(f.Median), esc(m.Unit), bang(f))
			default:
				p.f("<td>%s<small>%s%s</small></td>", chip(f, change(f.Ratio.Mean)), number(f.Median), bang(f))
			}
		}
		p.f("</tr>\n")
	}
	p.f("</tbody></table></div>\n<p class=\"key\"><span class=\"chip better\">better</span><span class=\"chip worse\">worse</span>"+
		"<span class=\"chip same\">no difference</span><span class=\"chip open\">unresolved</span>%s</p></section>\n", untrustedKey(p.r))
}

func untrustedKey(r *Report) string {
	if len(r.notes()) == 0 {
		return ""
	}
	return "<span>! untrusted</span>"
}

func bang(f Figure) string {
	if f.Untrusted {
		return " <b class=\"bang\" title=\"untrusted\">!</b>"
	}
	return ""
}

// chip is a text in the colour of a verdict.
func chip(f Figure, text string) string {
	class := map[Verdict]string{Better: "better", Worse: "worse", Same: "same"}[f.Ratio.Verdict]
	if class == "" {
		class = "open"
	}
	if f.Untrusted {
		class += " unsure"
	}
	return fmt.Sprintf("<span class=\"chip %s\" title=\"%s\">%s</span>", class, esc(f.Word(f.Ratio.Verdict)), esc(text))
}

// change is a ratio as people say it.
func change(ratio float64) string {
	switch percent := 100 * (ratio - 1); {
	case ratio >= 3:
		return fmt.Sprintf("%.3g×", ratio)
	case percent > -.05 && percent < .05:
		return "0.0 %"
	case percent > -10 && percent < 10:
		return fmt.Sprintf("%+.1f %%", percent)
	default:
		return fmt.Sprintf("%+.0f %%", percent)
	}
}

func (p *page) doubts() {
	notes := p.r.notes()
	if len(notes) == 0 {
		return
	}
	p.f("<section class=\"doubts\"><h2>Untrusted</h2>\n<p>Figures with ! say more of the load or of the machine than of the server:</p><ul>\n")
	for _, n := range notes {
		p.f("<li>%s</li>\n", esc(n))
	}
	p.f("</ul></section>\n")
}
