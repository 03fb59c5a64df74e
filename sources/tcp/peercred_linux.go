package tcp

import (
	"fmt"
	"syscall"
)

// credentials say which process connected to a unix socket (SO_PEERCRED, unix(7)).
func credentials(fd int) string {
	u, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (pid %d, uid %d)", u.Pid, u.Uid)
}
