package record

import (
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
