// Package endpoint says what the address of a server stands for.
package endpoint

import (
	"fmt"
	"net"
	"strconv"
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

// Check is Of for an address that one connects to: it has a host, and a port that is a number.
func Check(address string) error {
	network, addr, err := Of(address)
	if err != nil || network == "unix" {
		return err
	}
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	port, err := strconv.ParseUint(p, 10, 16)
	switch {
	case host == "":
		return fmt.Errorf("the address %q has no host", address)
	case err != nil || port == 0:
		return fmt.Errorf("the port of the address %q is not a number from 1 to 65535", address)
	}
	return nil
}
