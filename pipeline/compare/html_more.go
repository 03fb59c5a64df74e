package compare

import (
	"fmt"

	"github.com/leat-io/leat/internal/chart"
)

// The chart of percentiles is drawn twice, because letters of a picture that is scaled down to a phone cannot be read.
var sizes = map[string]chart.Size{"wide": {Width: 940, Height: 380}, "narrow": {Width: 400, Height: 320}}

func (p *page) percentiles() {
	var all []chart.Distribution
	for i, v := range p.r.Variants {
		d := chart.Distribution{Title: v.Name, Class: series(i)}
		for _, m := range p.r.of(v.Name) {
			d.Count = max(d.Count, m.Messages)
		}
		for _, q := range v.Latency {
			d.Quantiles = append(d.Quantiles, chart.Quantile(q))
		}
		all = append(all, d)
	}
	p.f("<section><h2>Latency by percentile <small>median of the runs</small></h2>\n")
	if p.closed() {
		p.f("<p>The loop was closed: these latencies are those of a saturated server, messages in flight divided by throughput. " +
			"For what a user would see, give the load a rate.</p>\n")
	}
	for _, class := range []string{"wide", "narrow"} {
		size := sizes[class]
		p.f("<svg class=\"%s\" viewBox=\"0 0 %d %d\">", class, size.Width, size.Height)
		c := chart.ByPercentile(size, all)
		c.Title = "" // it stands above
		c.Draw(&p.b, 0)
		p.f("</svg>\n")
	}
	p.f("<p class=\"key\">")
	for i, v := range p.r.Variants {
		p.f("<span><svg class=\"stroke\" viewBox=\"0 0 28 8\"><path class=\"line %s\" d=\"M0 4h28\"/></svg>%s</span>", series(i), esc(v.Name))
	}
	p.f("</p></section>\n")
}

// closed says whether the load of any run was a closed loop.
func (p *page) closed() bool {
	for _, m := range p.r.Runs {
		if m.Rate == 0 {
			return true
		}
	}
	return false
}

// variants shows what each of them is.
func (p *page) variants() {
	p.f("<section><h2>Variants</h2>\n")
	for i, v := range p.r.Variants {
		p.f("<details><summary>%s%s</summary>\n", swatch(i), esc(v.Name))
		if v.Detail != "" {
			p.f("<pre>%s</pre>\n", esc(v.Detail))
		}
		if v.Graph != "" {
			p.f("<pre>%s</pre>\n", esc(v.Graph))
		}
		p.f("</details>\n")
	}
	p.f("</section>\n")
}

// runs is the table of all runs in their order.
func (p *page) runs() {
	p.f("<section><h2>Runs</h2><details><summary>all %d, in their order</summary>\n<div class=\"scroll\"><table><thead><tr>"+
		"<th>round</th><th>variant</th><th>messages/s</th><th>p50 µs</th><th>p99 µs</th><th>CPU µs</th><th>allocations</th><th>MB</th><th>server busy</th><th>load busy</th>"+
		"</tr></thead><tbody>\n", len(p.r.Runs))
	for _, m := range p.r.Runs {
		p.f("<tr><td>%d</td><th>%s</th>", m.Round, esc(m.Variant))
		for _, v := range []float64{m.Throughput, micros(at(m.Latency, .5)), micros(at(m.Latency, .99)), m.CPU, m.Allocs, m.Resident / 1e6} {
			p.f("<td>%s</td>", number(v))
		}
		p.f("<td>%.0f %%</td><td>%.0f %%</td></tr>\n", 100*m.serverShare(), 100*m.loadShare())
	}
	p.f("</tbody></table></div></details></section>\n")
}

// method says how it was measured, and where.
func (p *page) method() {
	r, m := p.r, p.r.Machine
	p.f("<section><h2>How it was measured</h2>\n<p>Each run is a fresh process of the server and one of the load, %.3g s after %.3g s of warm-up. "+
		"The order of the variants changes from round to round so that a drift of the machine cancels. "+
		"Ratios are geometric means of the ratios to %s in the same round, with their 95 %% intervals (Student’s t on the logarithms). "+
		"“No difference” is an interval that holds 1 and lies within ±%.3g %% (the grey band); “unresolved” one that holds 1 and is wider.</p>\n",
		r.Duration, r.Warmup, esc(r.Variants[0].Name), 100*r.Bound)
	p.f("<dl>")
	for _, row := range [][2]string{
		{"machine", m.Processor}, {"processors", fmt.Sprint(m.Processors)}, {"system", m.System + " " + m.Kernel},
		{"pinned", map[bool]string{true: "server and load to a processor each", false: "no"}[r.Pinned]},
		{"Go", m.Go}, {"program", m.Program}, {"load", r.Load},
	} {
		if row[1] != "" {
			p.f("<dt>%s</dt><dd>%s</dd>", row[0], esc(row[1]))
		}
	}
	for _, c := range r.Commands {
		p.f("<dt>command</dt><dd><code>%s</code></dd>", esc(c))
	}
	p.f("</dl></section>\n")
}
