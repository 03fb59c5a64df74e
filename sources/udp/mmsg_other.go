//go:build !linux

package udp

// Mmsg is the engine that receives many datagrams with one system call. Only Linux has it: here it is [Std].
func Mmsg() Option { return Std() }

// GRO is [Mmsg] with trains of datagrams that the kernel has put together. Only Linux has it: here it is [Std].
func GRO() Option { return Std() }
