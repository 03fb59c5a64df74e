//go:build !unix

package muxnet

// canTry says whether sockets can be written without waiting.
const canTry = false

func tryWrite(int, []byte) int { return 0 }
