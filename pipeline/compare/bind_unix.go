//go:build unix && !linux

package compare

import (
	"os/exec"
	"syscall"
)

// bind keeps the terminal's signals from a process: this one ends it in order. It ends with this one because its control
// connection does.
func bind(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
