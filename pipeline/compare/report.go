package compare

import (
	"slices"
	"time"
)

// A Report is what a comparison has found. Its JSON form has the field names of the tags.
type Report struct {
	Name     string    `json:"name,omitempty"`
	Load     string    `json:"load,omitempty"`
	Commands []string  `json:"commands,omitempty"` // how to repeat it; set by the caller
	Began    time.Time `json:"began"`
	Machine  Machine   `json:"machine"`

	Rounds   int     `json:"rounds"` // that were wanted
	Warmup   float64 `json:"warmup_s"`
	Duration float64 `json:"duration_s"`
	Pinned   bool    `json:"pinned"`
	Bound    float64 `json:"bound"`
	Complete bool    `json:"complete"` // all rounds were run

	Variants []VariantReport `json:"variants"` // the first is what the others are compared with
	Runs     []Measurement   `json:"runs"`     // in the order in which they were made
}

// A VariantReport is what was found of one variant.
type VariantReport struct {
	Name      string     `json:"name"`
	Detail    string     `json:"detail,omitempty"`
	Graph     string     `json:"graph,omitempty"`     // of its pipeline before it ran
	Untrusted []string   `json:"untrusted,omitempty"` // why not, if so
	Figures   []Figure   `json:"figures"`             // none without a run
	Latency   []Quantile `json:"latency"`             // the median of the runs, point by point
}

// A Figure is one metric of a variant.
type Figure struct {
	Metric
	Median    float64   `json:"median"`
	Least     float64   `json:"least"`
	Most      float64   `json:"most"`
	Values    []float64 `json:"values"`          // by round
	Ratio     *Ratio    `json:"ratio,omitempty"` // to the first variant; nil for that one itself
	Untrusted bool      `json:"untrusted"`       // this figure says more of the load than of the server
}

// Spread is half the distance between the least and the most, as a part of the median.
func (f Figure) Spread() float64 { return (f.Most - f.Least) / 2 / f.Median }

func newReport(cfg Config, variants []Variant) *Report {
	r := &Report{
		Name: cfg.Name, Load: cfg.Detail, Began: time.Now().UTC().Truncate(time.Second), Machine: here(),
		Rounds: cfg.Rounds, Warmup: cfg.warmup().Seconds(), Duration: cfg.Duration.Seconds(), Pinned: cfg.Pin, Bound: cfg.Bound,
	}
	for _, v := range variants {
		r.Variants = append(r.Variants, VariantReport{Name: v.Name, Detail: v.Detail})
	}
	return r
}

// conclude computes all figures from the runs.
func (r *Report) conclude() {
	r.Complete = len(r.Runs) == r.Rounds*len(r.Variants)
	base := r.of(r.Variants[0].Name)
	unsure := doubts(base)
	for i := range r.Variants {
		v := &r.Variants[i]
		runs := r.of(v.Name)
		own := doubts(runs)
		v.Untrusted, v.Figures, v.Latency = nil, nil, nil
		for _, d := range own {
			v.Untrusted = append(v.Untrusted, d.reason)
		}
		if i > 0 {
			own = append(own, unsure...) // a ratio has two sides
		}
		var latency [][]Quantile
		for _, m := range runs {
			latency = append(latency, m.Latency)
		}
		v.Latency = typical(latency)
		for _, m := range catalogue {
			f, ok := figure(m, runs)
			if !ok {
				continue
			}
			f.Untrusted = slices.ContainsFunc(own, func(d doubt) bool { return d.all || m.loaded })
			if i > 0 {
				f.Ratio = m.ratio(base, runs, r.Bound)
			}
			v.Figures = append(v.Figures, f)
		}
	}
}

// of returns the runs of a variant by round.
func (r *Report) of(variant string) (runs []Measurement) {
	for _, m := range r.Runs {
		if m.Variant == variant {
			runs = append(runs, m)
		}
	}
	return runs
}

func figure(m Metric, runs []Measurement) (f Figure, ok bool) {
	f.Metric = m
	for _, run := range runs {
		v := m.of(run)
		if !m.told(v) {
			return f, false
		}
		f.Values = append(f.Values, v)
	}
	if len(f.Values) == 0 {
		return f, false
	}
	f.Median, f.Least, f.Most = median(f.Values), slices.Min(f.Values), slices.Max(f.Values)
	return f, true
}

// ratio pairs the runs of the same round. A cut comparison has rounds with one of the two.
func (m Metric) ratio(base, runs []Measurement, bound float64) *Ratio {
	var a, b []float64
	for _, x := range base {
		for _, y := range runs {
			if x.Round == y.Round && m.told(m.of(x)) && m.told(m.of(y)) {
				a, b = append(a, max(m.of(x), m.least)), append(b, max(m.of(y), m.least))
			}
		}
	}
	if len(a) == 0 {
		return nil
	}
	r := Paired(a, b, m.More, bound)
	return &r
}
