// Package chart draws charts of lines as SVG: axes, among them that of percentiles on which each further nine takes as much
// room, colours that the colour-blind can tell apart, in light or dark as the reader's system is set. What it writes needs
// neither network nor scripts.
package chart
