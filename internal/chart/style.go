package chart

import (
	"fmt"
	"strings"
)

// The colours of Okabe and Ito ("Color Universal Design", 2008), which the colour-blind can tell apart, some of them darker on white
// and lighter on black so that a thin line has a contrast of 3:1 with its ground.
var palette = [...]struct{ light, dark string }{
	{"#0072b2", "#56b4e9"},
	{"#d55e00", "#ff8c42"},
	{"#007a5a", "#2fc79a"},
	{"#a8467d", "#e59ac5"},
	{"#9a6b00", "#e6b000"},
	{"#4d4d4d", "#bdbdbd"},
}

// Colours is how many series can be told apart by colour.
const Colours = len(palette)

// Colour is the class of the series with a number.
func Colour(i int) string { return fmt.Sprintf("s%d", i%Colours) }

// Style is the sheet of a picture. It has no custom properties, which viewers other than browsers do not know.
func Style() string {
	var b strings.Builder
	b.WriteString(`text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:14px;font-weight:600}.tick{font-size:11px;fill:#59636e}` +
		`.ground{fill:#fff}.grid{stroke:#dfe3e8;fill:none}.mark{stroke:#59636e;stroke-dasharray:2 3;fill:none}` +
		`.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.dashed{stroke-dasharray:5 3;stroke-width:1.3}`)
	for i, c := range palette {
		fmt.Fprintf(&b, ".s%d{stroke:%s;color:%[2]s}", i, c.light)
	}
	b.WriteString(`@media(prefers-color-scheme:dark){text{fill:#e6edf3}.tick{fill:#9da7b1}.ground{fill:#0d1117}.grid{stroke:#2a3038}.mark{stroke:#9da7b1}`)
	for i, c := range palette {
		fmt.Fprintf(&b, ".s%d{stroke:%s;color:%[2]s}", i, c.dark)
	}
	b.WriteString("}")
	return b.String()
}
