//go:build !linux

package compare

func resident() uint64 { return 0 }
