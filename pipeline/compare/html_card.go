package compare

import (
	"fmt"
	"math"

	"github.com/leat-io/leat/internal/chart"
)

// card shows one metric: a bar for the median of each variant with a dot for each run, and the ratio with its interval.
func (p *page) card(m Metric) {
	most, reach := 0., math.Log(1+2*p.r.Bound)
	for _, v := range p.r.Variants {
		if f, ok := v.Figure(m.Name); ok {
			most = max(most, f.Most)
			if f.Ratio != nil && f.Ratio.Interval != nil {
				reach = max(reach, -math.Log(f.Ratio.Interval.Low), math.Log(f.Ratio.Interval.High))
			}
		}
	}
	axis := ratioAxis{min(1.05*reach, math.Log(widest))}
	p.f("<section class=\"card\"><h2>%s <small>%s, %s</small></h2>\n", esc(m.Name), esc(m.Unit), m.wanted())
	p.f("<div class=\"row legend\"><span></span><span>median and single runs</span><span></span><span>ratio, 95 %% interval</span><span></span></div>\n")
	for i, v := range p.r.Variants {
		f, ok := v.Figure(m.Name)
		if !ok {
			continue
		}
		p.f("<div class=\"row\"><span class=\"name\">%s%s</span><span class=\"track\"><i class=\"bar %s\" style=\"width:%.2f%%\"></i>",
			swatch(i), esc(v.Name), chart.Colour(i), 100*f.Median/most)
		for _, value := range f.Values {
			p.f("<i class=\"run\" style=\"left:%.2f%%\" title=\"%s\"></i>", 100*value/most, number(value))
		}
		p.f("</span><span class=\"value\">%s%s</span>", number(f.Median), bang(f))
		if f.Ratio == nil {
			p.f("<span class=\"strip\">%s</span><span class=\"verdict\"><span class=\"plain\">base</span></span></div>\n", axis.ground(p.r.Bound))
			continue
		}
		p.f("<span class=\"strip\" title=\"%s (%s)\">%s%s</span>", ratio(f.Ratio.Mean), f.Ratio.Interval, axis.ground(p.r.Bound), axis.interval(f.Ratio, chart.Colour(i)))
		p.f("<span class=\"verdict\">%s<small>%s (%s)</small></span></div>\n", chip(f, f.Word(f.Ratio.Verdict)), ratio(f.Ratio.Mean), f.Ratio.Interval)
	}
	p.f("</section>\n")
}

// widest is the greatest ratio that has a place of its own; what is beyond it is shown at the edge.
const widest = 4

// A ratioAxis puts ratios at places, with 1 in the middle, evenly by their logarithms.
type ratioAxis struct{ reach float64 }

// at is a place in percent.
func (a ratioAxis) at(ratio float64) float64 {
	return 50 + 50*max(-1, min(1, math.Log(ratio)/a.reach))
}

// ground is the line at 1 with the bound around it.
func (a ratioAxis) ground(bound float64) string {
	low, high := a.at(1-bound), a.at(1+bound)
	return fmt.Sprintf(`<i class="band" style="left:%.2f%%;width:%.2f%%"></i><i class="one"></i>`, low, high-low)
}

func (a ratioAxis) interval(r *Ratio, colour string) string {
	s := ""
	if i := r.Interval; i != nil {
		s = fmt.Sprintf(`<i class="span %s" style="left:%.2f%%;width:%.2f%%"></i>`, colour, a.at(i.Low), a.at(i.High)-a.at(i.Low))
	}
	return s + fmt.Sprintf(`<i class="mean %s" style="left:%.2f%%"></i>`, colour, a.at(r.Mean))
}
