//go:build linux

package main

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// A candidate is one way to have many streams.
type candidate struct {
	name   string
	module string // whose version is shown; none for what has no other
	setup  string // what is not as the library has it by itself
	start  func(n *network, window int, t *tally) (session, error)
	near   int // window of streams in bytes where the other end is near, and far below; 0: it has none to set
	far    int
}

// reference is the candidate to which the others are compared.
const reference = "leat"

// candidates in the order of the tables.
var candidates = []candidate{
	{name: reference, start: newLeat, setup: "windows tune themselves"},
	{name: "leat assembly", start: newAssembly, setup: "the server is an assembly on one reactor, without a goroutine for each stream"},
	{name: "yamux", module: "github.com/hashicorp/yamux", near: nearWindow, far: farWindow, start: newYamux,
		setup: "no log, no timeout of opening, which would be a goroutine for each stream"},
	{name: "libp2p yamux", module: "github.com/libp2p/go-yamux/v5", near: nearWindow, far: farWindow, start: newLibp2p,
		setup: "no log"},
	{name: "smux v1", module: "github.com/xtaci/smux", near: nearWindow, far: farWindow, start: newSmux(1),
		setup: "frames of up to 64 KiB, read through a buffer as large; the window is the session's, and streams have none"},
	{name: "smux v2", module: "github.com/xtaci/smux", near: nearWindow, far: farWindow, start: newSmux(2),
		setup: "frames of up to 64 KiB, read through a buffer as large"},
	{name: "http2", module: "golang.org/x/net", near: nearWindow, far: farWindow, start: newHTTP2,
		setup: "no TLS, frames of up to 16 KiB; with this version of Go it is a part of net/http that does the work"},
	{name: "grpc", module: "google.golang.org/grpc", near: nearWindow, far: farWindow, start: newGRPC,
		setup: "no TLS, a codec that passes bytes as they are, no retries, buffers of 64 KiB"},
	{name: "raw TCP", setup: "a connection for each stream", start: newRaw},
}

// Windows of streams that suit all that have any.
const (
	nearWindow = 4 << 20
	farWindow  = 64 << 20
)

func called(name string) (candidate, error) {
	for _, c := range candidates {
		if c.name == name {
			return c, nil
		}
	}
	return candidate{}, fmt.Errorf("there is no candidate %q", name)
}

// setups lists candidates with their versions.
func setups(chosen []candidate) string {
	versions := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
	}
	var b strings.Builder
	for _, c := range chosen {
		fmt.Fprintf(&b, "\n- %s: ", c.name)
		if c.module != "" {
			fmt.Fprintf(&b, "%s %s, ", c.module, versions[c.module])
		}
		b.WriteString(c.setup)
	}
	return b.String()
}
