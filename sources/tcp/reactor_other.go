//go:build !linux

package tcp

// Reactor is the engine of loops that serve many connections each. Only Linux has it: here it is [Goroutines].
func Reactor(int) Option { return Goroutines() }

// IOUring is [Reactor] on io_uring instead of epoll. Only Linux has it: here it is [Goroutines].
func IOUring(int) Option { return Goroutines() }
