// Package endpoint says what the address of a server stands for.
package endpoint

import (
	"fmt"
	"net"
	"strings"
)

// unixPrefix is what the address of a unix socket begins with.
const unixPrefix = "unix:"

// Of is the network and the address, as package net has them, that "host:port" or "unix:path" stands for. No name is looked up.
func Of(address string) (network, addr string, err error) {
	if path, ok := strings.CutPrefix(address, unixPrefix); ok {
		if path == "" {
			return "", "", fmt.Errorf("the address %q has no path after %q", address, unixPrefix)
		}
		return "unix", path, nil
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return "", "", fmt.Errorf("the address %q is neither host:port nor unix:path: %w", address, err)
	}
	return "tcp", address, nil
}
