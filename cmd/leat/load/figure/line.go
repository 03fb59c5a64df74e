package figure

import (
	"fmt"
	"io"
)

// Line returns a function that writes how a run stands to w: on a terminal one line, written over each time and erased when it
// is done, otherwise a line each time but the last.
func Line(w io.Writer, terminal bool) func(text fmt.Stringer, done bool) {
	if !terminal {
		return func(text fmt.Stringer, done bool) {
			if !done {
				fmt.Fprintln(w, text)
			}
		}
	}
	const erase = "\r\x1b[K"
	return func(text fmt.Stringer, done bool) {
		if done {
			fmt.Fprint(w, erase)
			return
		}
		fmt.Fprint(w, erase, text)
	}
}
