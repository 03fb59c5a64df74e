//go:build linux

package measure

import (
	"os/exec"
	"strings"
)

// Version is the first line of what a program says of itself, on either output, when it has the argument.
func Version(program, arg string) string {
	out, _ := exec.Command(program, arg).CombinedOutput() // nutcracker's status is 1
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	first = strings.TrimPrefix(strings.TrimPrefix(first, "This is "), "nginx version: ")
	for _, rest := range []string{" sha=", " - https:"} {
		first, _, _ = strings.Cut(first, rest)
	}
	return strings.TrimSpace(first)
}
