package bench

import (
	"fmt"
	"io"
	"time"
)

// Progress is how the measurement stands.
type Progress struct {
	What        string // what is measured; empty at the end
	Run, Runs   int    // of it; run 0 finds out how long a run is
	Cell, Cells int    // measured, and to measure; none while the assembly is recorded
}

// String is the line for a person.
func (p Progress) String() string {
	switch {
	case p.Cells == 0:
		return p.What
	case p.Run == 0:
		return fmt.Sprintf("%s, %d of %d", p.What, p.Cell+1, p.Cells)
	}
	return fmt.Sprintf("%s, %d of %d: run %d of %d", p.What, p.Cell+1, p.Cells, p.Run, p.Runs)
}

// ProgressLine returns a value for Options.Progress that writes to w, at most once a second and not within the first: on a
// terminal one line, which is erased at the end, otherwise a line each time.
func ProgressLine(w io.Writer, terminal bool) func(Progress) {
	const erase = "\r\x1b[K"
	last, written := time.Now(), false
	return func(p Progress) {
		switch {
		case p.What == "":
			if written && terminal {
				fmt.Fprint(w, erase)
			}
		case time.Since(last) < time.Second:
		default:
			last, written = time.Now(), true
			if terminal {
				fmt.Fprint(w, erase, p)
			} else {
				fmt.Fprintln(w, p)
			}
		}
	}
}
