// Command leat echoes with an assembly of leat: a source, a decoder and a sink that replies in order.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// engines are the sources that can read the same connections. No limit of time ends a connection that is idle while it is measured.
var engines = map[string]tcp.Option{
	"reactor":   tcp.Reactor(0),
	"goroutine": tcp.Goroutines(),
	"uring":     tcp.IOUring(0),
}

// codecs are raw, a message for what each read brought, as the rivals echo it, and framed, a message for each 64 bytes.
var codecs = map[string]frame.Codec{"raw": frame.Raw, "framed": frame.Fixed(64)}

func patient() stage.Limits {
	l := stage.DefaultLimits
	l.FirstMessage, l.Idle = 0, 0
	return l
}

func main() {
	engine := flag.String("engine", "reactor", "how connections are read")
	form := flag.String("codec", "raw", "raw or framed")
	flag.Parse()
	served, known := engines[*engine]
	c, ok := codecs[*form]
	if !known || !ok || flag.NArg() != 1 {
		fmt.Fprintf(os.Stderr, "leat: there is no engine %q, no codec %q, or not one address\n", *engine, *form)
		os.Exit(2)
	}
	p := pipeline.New("echo")
	p.From(tcp.Listen(flag.Arg(0), served, tcp.Limits(patient()))).Via("decode", codec.Decode(c)).To("reply", sinks.Reply(c))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := p.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "leat:", err)
		os.Exit(1)
	}
}
