package plot

import (
	"errors"
	"fmt"
	"html"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/internal/chart"
)

// A Format is a kind of file.
type Format string

const (
	SVG  Format = "svg"
	HTML Format = "html" // the picture with a table of the results
)

// FormatOf chooses by the name of the file.
func FormatOf(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".svg":
		return SVG, nil
	case ".html", ".htm":
		return HTML, nil
	}
	return "", fmt.Errorf("plot: %q ends neither with .svg nor with .html", path)
}

// Write draws the results, of which there is at least one.
func Write(w io.Writer, f Format, results []load.Result) error {
	if len(results) == 0 {
		return errors.New("plot: there are no results to draw")
	}
	var b strings.Builder
	if f == HTML {
		page(&b, results)
	} else {
		picture(&b, results)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const legendRow = 20

// picture writes an SVG document: a legend, then the charts below each other.
func picture(b *strings.Builder, results []load.Result) {
	all := charts(results)
	legend := 16 + legendRow*len(results)
	high := legend + size.Height*len(all)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">`+"\n", size.Width, high, size.Width, high)
	fmt.Fprintf(b, "<title>%s</title>\n<style>%s</style>\n<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n", title(results), chart.Style())
	for i, r := range results {
		y := float64(legendRow * (i + 1))
		fmt.Fprintf(b, "<path class=\"line %s\" d=\"M%d %.1fh28\"/>\n", chart.Colour(i), chart.Left, y-4)
		chart.Text(b, chart.Left+36, y, "", "start", fmt.Sprintf("%s: %s replies/s, mean %s, 99 %% within %s, %s %% right", Name(r),
			strconv.FormatFloat(r.RPS, 'f', 0, 64), rounded(r.Latency.Mean), rounded(r.Latency.P99), percent(r.Success)))
	}
	for i, c := range all {
		c.Draw(b, legend+size.Height*i)
	}
	b.WriteString("</svg>\n")
}

func title(results []load.Result) string {
	names := make([]string, len(results))
	for i, r := range results {
		names[i] = Name(r)
	}
	return html.EscapeString("leat load: " + strings.Join(names, " and "))
}

// page writes an HTML document around the picture.
func page(b *strings.Builder, results []load.Result) {
	fmt.Fprintf(b, `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><meta name="viewport" content="width=device-width">
<title>%s</title>
<style>body{font:14px system-ui,sans-serif;margin:2em auto;max-width:%dpx}svg{max-width:100%%;height:auto}
table{border-collapse:collapse}th,td{text-align:right;padding:.25em .8em;border-bottom:1px solid #8884}th:first-child,td:first-child{text-align:left}</style>
</head><body>
`, title(results), size.Width)
	picture(b, results)
	b.WriteString("<table><thead><tr><th>run</th><th>replies/s</th><th>requests</th><th>right</th><th>mean</th><th>50 %</th><th>90 %</th>" +
		"<th>99 %</th><th>99.9 %</th><th>max</th><th>errors</th></tr></thead><tbody>\n")
	for _, r := range results {
		l := r.Latency
		fmt.Fprintf(b, "<tr><td>%s</td><td>%.0f</td><td>%d</td><td>%s %%</td>", html.EscapeString(Name(r)), r.RPS, r.Requests, percent(r.Success))
		for _, d := range [...]time.Duration{l.Mean, l.P50, l.P90, l.P99, l.P999, l.Max} {
			fmt.Fprintf(b, "<td>%s</td>", rounded(d))
		}
		fmt.Fprintf(b, "<td>%d</td></tr>\n", r.ErrorCount())
	}
	b.WriteString("</tbody></table>\n</body></html>\n")
}

func percent(part float64) string { return strconv.FormatFloat(100*part, 'g', 6, 64) }

// rounded shows three digits.
func rounded(d time.Duration) string {
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}
