package compare

import (
	"os/exec"
	"syscall"
)

// bind ends a process with this one, and keeps the terminal's signals from it: this one ends it in order.
func bind(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
