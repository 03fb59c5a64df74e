//go:build unix

package muxnet

import "github.com/leat-io/leat/internal/nonblock"

// canTry says whether sockets can be written without waiting.
const canTry = true

// tryWrite writes what a socket takes at once.
func tryWrite(fd int, b []byte) int {
	n, err := nonblock.Write(fd, b)
	if err != nil {
		return 0
	}
	return n
}
