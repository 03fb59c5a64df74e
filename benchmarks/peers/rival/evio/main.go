// Command evio echoes on github.com/tidwall/evio: one loop for each processor of Go, and a shared input buffer. It has no way to
// set TCP_NODELAY, which an echo of whole windows does not miss.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/tidwall/evio"
)

func main() {
	err := evio.Serve(evio.Events{
		NumLoops:    runtime.GOMAXPROCS(0),
		LoadBalance: evio.RoundRobin,
		Opened: func(evio.Conn) ([]byte, evio.Options, evio.Action) {
			return nil, evio.Options{ReuseInputBuffer: true}, evio.None
		},
		Data: func(_ evio.Conn, in []byte) ([]byte, evio.Action) { return in, evio.None },
	}, "tcp://"+os.Args[1])
	fmt.Fprintln(os.Stderr, "evio:", err)
	os.Exit(1)
}
