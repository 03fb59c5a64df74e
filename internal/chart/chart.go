package chart

import (
	"fmt"
	"html"
	"strings"
)

// The room around a plot, in the units of the picture.
const (
	left  = 86
	right = 24
	above = 34
	below = 52
)

// letter is about the width of a letter of a tick.
const letter = 6.5

// A Size is that of a chart with its titles and axes, in the units of the picture.
type Size struct{ Width, Height int }

// Left is where the plot of a chart begins, for legends that stand above it.
const Left = left

// A Point is a place in a chart, each coordinate from 0 to 1.
type Point struct{ X, Y float64 }

// A Line is one series of a chart.
type Line struct {
	Points []Point
	Class  string // its colour and dash
	Title  string // what it is, for a pointer that rests on it and for a screen reader
	Steps  bool   // the value holds until the next point
}

// A Mark is a vertical line with a text, such as the beginning of a phase.
type Mark struct {
	At   float64
	Text string
}

// A Chart is two axes and the lines between them.
type Chart struct {
	Size
	Title string
	X, Y  Scale
	Lines []Line
	Marks []Mark
}

// Draw writes the chart as a group whose upper edge is at top.
func (c Chart) Draw(b *strings.Builder, top int) {
	fmt.Fprintf(b, "<g transform=\"translate(0,%d)\" role=\"img\" aria-label=\"%s\">\n", top, html.EscapeString(c.Title))
	wide, high := float64(c.Width-left-right), float64(c.Height-above-below)
	Text(b, left, 20, "title", "start", c.Title)
	free := 0. // where there is room for the next label of the horizontal axis
	for _, t := range c.X.Ticks {
		x := left + t.at*wide
		segment(b, "grid", x, above, x, above+high)
		if half := float64(len(t.text)) * letter / 2; x-half >= free {
			Text(b, x, above+high+18, "tick", "middle", t.text)
			free = x + half + letter
		}
	}
	for _, t := range c.Y.Ticks {
		y := above + (1-t.at)*high
		segment(b, "grid", left, y, left+wide, y)
		Text(b, left-8, y+4, "tick", "end", t.text)
	}
	for i, m := range c.Marks {
		x := left + m.At*wide
		segment(b, "mark", x, above, x, above+high)
		y := above + 12 + float64(i%3)*13 // below each other, as phases may be short
		if m.At > .8 {
			Text(b, x-4, y, "tick", "end", m.Text)
		} else {
			Text(b, x+4, y, "tick", "start", m.Text)
		}
	}
	Text(b, left+wide/2, above+high+40, "axis", "middle", c.X.Name)
	fmt.Fprintf(b, "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(16,%.0f) rotate(-90)\">%s</text>\n",
		above+high/2, html.EscapeString(c.Y.Name))
	if len(c.Lines) == 0 {
		Text(b, left+wide/2, above+high/2, "tick", "middle", "the results hold none of this")
	}
	for _, l := range c.Lines {
		fmt.Fprintf(b, "<path class=\"line %s\" d=\"%s\"><title>%s</title></path>\n", l.Class, l.path(wide, high), html.EscapeString(l.Title))
	}
	b.WriteString("</g>\n")
}

func (l Line) path(wide, high float64) string {
	var b strings.Builder
	for i, p := range l.Points {
		x, y := left+p.X*wide, above+(1-p.Y)*high
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%.1f %.1f", x, y)
		case l.Steps:
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

// Text writes a text at a place. Anchor is start, middle or end.
func Text(b *strings.Builder, x, y float64, class, anchor, s string) {
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class, anchor, html.EscapeString(s))
}
