package compare

import (
	"fmt"
	"io"
)

// String is the line for a person.
func (p Progress) String() string {
	s := ""
	if m := p.Last; m != nil {
		s = fmt.Sprintf("%s: %s messages/s, server %s; ", m.Variant, number(m.Throughput), share(m.serverShare(), m.Processors))
	}
	return fmt.Sprintf("%sround %d of %d, %d of %d runs done, about %s left", s, p.Round, p.Rounds, p.Done, p.Total, rough(p.Left))
}

// ProgressLine returns a value for Config.Progress that writes to w: on a terminal one line, written over each time and
// erased at the end, otherwise a line for each run.
func ProgressLine(w io.Writer, terminal bool) func(Progress) {
	const erase = "\r\x1b[K"
	return func(p Progress) {
		switch {
		case terminal && p.Variant == "":
			fmt.Fprint(w, erase)
		case terminal:
			fmt.Fprint(w, erase, p, ", now ", p.Variant)
		default:
			fmt.Fprintln(w, p)
		}
	}
}
