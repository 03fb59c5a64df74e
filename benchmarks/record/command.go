package record

import (
	"os"
	"regexp"
	"strings"
)

var plain = regexp.MustCompile(`^[\w./:,=+-]+$`)

// Command is a command as one would type it.
func Command(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; !plain.MatchString(w) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// Invocation is how one would run the program that runs again, from the folder of the benchmarks, of which it is one.
func Invocation(benchmark string) string {
	return Command(append([]string{"go", "run", "./" + benchmark}, os.Args[1:]...)...)
}
