// Command empty accepts connections and closes them. What is resident of it is the Go runtime and package net.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	ln, err := net.Listen("tcp", os.Args[1])
	for err == nil {
		var nc net.Conn
		if nc, err = ln.Accept(); err == nil {
			nc.Close()
		}
	}
	fmt.Fprintln(os.Stderr, "empty:", err)
	os.Exit(1)
}
