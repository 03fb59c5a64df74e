//go:build !linux

package raw_test

func serveAsChild(string) {}
