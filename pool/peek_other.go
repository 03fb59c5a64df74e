//go:build !unix

package pool

// peek finds nothing: on such systems IdleTimeout must be shorter than the backend's.
func peek(uintptr) finding { return nothing }
