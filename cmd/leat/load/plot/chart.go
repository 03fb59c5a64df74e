package plot

import (
	"fmt"
	"html"
	"strings"
)

// The size of a chart and of the room around its plot, in the units of the picture.
const (
	width     = 880
	height    = 300
	left      = 86
	right     = 24
	above     = 34
	below     = 52
	innerWide = width - left - right
	innerHigh = height - above - below
)

// A point is a place in a chart, each coordinate from 0 to 1.
type point struct{ x, y float64 }

// A line is one series of a chart.
type line struct {
	points []point
	class  string // its colour and dash
	title  string // what it is, for a pointer that rests on it and for a screen reader
	steps  bool   // the value holds until the next point
}

// A mark is a vertical line with a text, such as the beginning of a phase.
type mark struct {
	at   float64
	text string
}

// A chart is two axes and the lines between them.
type chart struct {
	title string
	x, y  scale
	lines []line
	marks []mark
}

// draw writes the chart as a group whose upper edge is at top.
func (c chart) draw(b *strings.Builder, top int) {
	fmt.Fprintf(b, "<g transform=\"translate(0,%d)\" role=\"img\" aria-label=\"%s\">\n", top, html.EscapeString(c.title))
	text(b, left, 20, "title", "start", c.title)
	for _, t := range c.x.ticks {
		x := left + t.at*innerWide
		segment(b, "grid", x, above, x, above+innerHigh)
		text(b, x, above+innerHigh+18, "tick", "middle", t.text)
	}
	for _, t := range c.y.ticks {
		y := above + (1-t.at)*innerHigh
		segment(b, "grid", left, y, left+innerWide, y)
		text(b, left-8, y+4, "tick", "end", t.text)
	}
	for i, m := range c.marks {
		x := left + m.at*innerWide
		segment(b, "mark", x, above, x, above+innerHigh)
		y := above + 12 + float64(i%3)*13 // below each other, as phases may be short
		if m.at > .8 {
			text(b, x-4, y, "tick", "end", m.text)
		} else {
			text(b, x+4, y, "tick", "start", m.text)
		}
	}
	text(b, left+innerWide/2, above+innerHigh+40, "axis", "middle", c.x.name)
	fmt.Fprintf(b, "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(16,%d) rotate(-90)\">%s</text>\n",
		above+innerHigh/2, html.EscapeString(c.y.name))
	if len(c.lines) == 0 {
		text(b, left+innerWide/2, above+innerHigh/2, "tick", "middle", "the results hold none of this")
	}
	for _, l := range c.lines {
		fmt.Fprintf(b, "<path class=\"line %s\" d=\"%s\"><title>%s</title></path>\n", l.class, l.path(), html.EscapeString(l.title))
	}
	b.WriteString("</g>\n")
}

func (l line) path() string {
	var b strings.Builder
	for i, p := range l.points {
		x, y := left+p.x*innerWide, above+(1-p.y)*innerHigh
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%.1f %.1f", x, y)
		case l.steps:
			fmt.Fprintf(&b, "H%.1fV%.1f", x, y)
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", x, y)
		}
	}
	return b.String()
}

func segment(b *strings.Builder, class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(b, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, x1, y1, x2, y2)
}

func text(b *strings.Builder, x, y float64, class, anchor, s string) {
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class, anchor, html.EscapeString(s))
}
