//go:build !linux

package tcp

// Reactor is the engine of loops that serve many connections each. Only Linux has it: here it is [Goroutines].
func Reactor(int) Option { return Goroutines() }
