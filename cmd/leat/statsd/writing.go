package statsd

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// A writing is one flush of a partition, as lines of Graphite's plaintext protocol: a path with tags, a value, Unix seconds.
type writing struct {
	cfg    *Config
	at     time.Time
	passed time.Duration // since the flush before
	last   bool          // at the end
	b      []byte
}

func (w *writing) perSecond(v float64) float64 {
	if w.passed <= 0 {
		return 0
	}
	return v / w.passed.Seconds()
}

func (w *writing) timer(x *series) {
	d := x.values
	w.line(x, ".count", d.Count())
	w.line(x, ".rate", w.perSecond(d.Count()))
	w.line(x, ".sum", d.Sum())
	w.line(x, ".mean", d.Sum()/d.Count())
	w.line(x, ".min", d.Min())
	w.line(x, ".max", d.Max())
	for _, q := range w.cfg.Quantiles {
		w.line(x, quantileName(q), d.Quantile(q))
	}
}

// quantileName is .p99 for .99, and .p99_9 for .999.
func quantileName(q float64) string {
	return ".p" + strings.ReplaceAll(strconv.FormatFloat(math.Round(q*1e8)/1e6, 'f', -1, 64), ".", "_")
}

// line writes one figure of x.
func (w *writing) line(x *series, suffix string, v float64) {
	b := append(w.b, w.cfg.Prefix...)
	b = append(b, x.name...)
	b = append(b, suffix...)
	for tags := x.tags; tags != ""; {
		var tag string
		tag, tags, _ = strings.Cut(tags, ",")
		key, value, _ := strings.Cut(tag, ":")
		if value == "" {
			value = "true" // Graphite has no tag without a value
		}
		b = append(append(append(append(b, ';'), key...), '='), value...)
	}
	b = appendNumber(append(b, ' '), v)
	b = strconv.AppendInt(append(b, ' '), w.at.Unix(), 10)
	w.b = append(b, '\n')
}

// appendNumber writes digits where they are few, and an exponent else.
func appendNumber(b []byte, v float64) []byte {
	if abs := math.Abs(v); abs < 1e15 && (abs >= 1e-6 || v == 0) {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
