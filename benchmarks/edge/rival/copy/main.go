// Command copy proxies connections as a Go programmer first would: two goroutines for each, with io.Copy, which splices where it
// can. Its arguments are the address to listen on and the backend's.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	ln, err := net.Listen("tcp", os.Args[1])
	for err == nil {
		var nc net.Conn
		if nc, err = ln.Accept(); err == nil {
			go proxy(nc.(*net.TCPConn), os.Args[2])
		}
	}
	fmt.Fprintln(os.Stderr, "copy:", err)
	os.Exit(1)
}

func proxy(client *net.TCPConn, backend string) {
	defer client.Close()
	nc, err := net.Dial("tcp", backend)
	if err != nil {
		return
	}
	defer nc.Close()
	server := nc.(*net.TCPConn)
	done := make(chan struct{})
	go func() {
		forward(server, client)
		close(done)
	}()
	forward(client, server)
	<-done
}

// forward passes the end of a stream on too.
func forward(to, from *net.TCPConn) {
	_, _ = io.Copy(to, from) // what failed ends the other direction as well
	_ = to.CloseWrite()
}
