// Command net echoes as a Go programmer first would: a goroutine for each connection, on package net.
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
			go echo(nc)
		}
	}
	fmt.Fprintln(os.Stderr, "net:", err)
	os.Exit(1)
}

func echo(nc net.Conn) {
	defer nc.Close()
	for b := make([]byte, 4096); ; {
		n, err := nc.Read(b)
		if err != nil {
			return
		}
		if _, err := nc.Write(b[:n]); err != nil {
			return
		}
	}
}
