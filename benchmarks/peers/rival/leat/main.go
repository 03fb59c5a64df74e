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
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// engines are the sources that can read the same connections. No limit of time ends a connection that is idle while it is measured.
var engines = map[string]func(loops int) tcp.Option{
	"reactor":   tcp.Reactor,
	"goroutine": func(int) tcp.Option { return tcp.Goroutines() },
	"uring":     tcp.IOUring,
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
	loops := flag.Int("loops", 0, "how many loops read, 0 for one on each processor")
	workers := flag.Int("workers", 0, "lanes that answer, each behind a ring; 0 for those that read")
	flag.Parse()
	served, known := engines[*engine]
	c, ok := codecs[*form]
	if !known || !ok || flag.NArg() != 1 {
		fmt.Fprintf(os.Stderr, "leat: there is no engine %q, no codec %q, or not one address\n", *engine, *form)
		os.Exit(2)
	}
	p := pipeline.New("echo")
	f := p.From(tcp.Listen(flag.Arg(0), served(*loops), tcp.Limits(patient()))).Via("decode", codec.Decode(c))
	if *workers > 0 {
		f = f.Shard("by request", *workers, stage.ByRequest, queue.Ring)
	}
	f.To("reply", sinks.Reply(c))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := p.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "leat:", err)
		os.Exit(1)
	}
}
