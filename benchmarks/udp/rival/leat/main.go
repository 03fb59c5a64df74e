// Command leat counts datagrams with an assembly of leat, or echoes them.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/leat-io/leat/benchmarks/udp/rival"
	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

var engines = map[string]udp.Option{"std": udp.Std(), "mmsg": udp.Mmsg(), "gro": udp.GRO()}

// A Sample is what the sender puts into each datagram: the flow and its place there.
type Sample struct {
	stage.Head
	Flow, Seq uint32
}

type samples struct{}

func (samples) Decode(b []byte, v *Sample) (int, error) {
	if len(b) < 8 {
		return -8, nil
	}
	v.Flow, v.Seq = binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	return len(b), nil
}

// A tally counts the messages of one lane.
type tally[T any] struct {
	n   uint64
	all *atomic.Uint64
}

func (t *tally[T]) Push(b []*T) { t.n += uint64(len(b)); t.all.Store(t.n) }

var lanes []*atomic.Uint64

func counting[T any](*stage.Lane) stage.Sink[T] {
	n := new(atomic.Uint64)
	lanes = append(lanes, n)
	return &tally[T]{all: n}
}

func main() {
	engine := flag.String("engine", "mmsg", "how datagrams are received")
	work := flag.String("work", "count", "count, decode (and hash, ring and count on workers), echo (in trains), or echo-plain")
	workers := flag.Int("workers", 0, "lanes behind a ring")
	room := flag.Int("room", 4096, "messages that wait for each of them")
	buffer := flag.Int("buffer", rival.Buffer, "bytes of the receive buffer")
	flag.Parse()
	if _, known := engines[*engine]; !known {
		fmt.Fprintf(os.Stderr, "leat: there is no engine %q\n", *engine)
		os.Exit(2)
	}
	p := pipeline.New(*work)
	s := udp.Listen("127.0.0.1:0", udp.Name("udp"), engines[*engine], udp.ReceiveBuffer(*buffer))
	f := p.From(s)
	switch *work {
	case "count":
		if *workers > 0 {
			f = f.Shard("by flow", *workers, udp.ByFlow, queue.Ring, queue.DropNewest)
		}
		f.To("count", counting[udp.Packet])
	case "decode":
		d := f.Via("decode", codec.Datagram[udp.Packet](samples{}))
		if *workers > 0 {
			d = d.Shard("by flow", *workers, func(m *Sample) uint64 { return uint64(m.Flow) }, queue.Ring, queue.DropNewest, queue.Cap(*room))
		}
		d.To("count", counting[Sample])
	case "echo", "echo-plain":
		f.To("send", udp.Send(udp.Trains(*work == "echo")))
	}
	if err := s.Bind(); err != nil {
		fmt.Fprintln(os.Stderr, "leat:", err)
		os.Exit(1)
	}
	ctx, end := context.WithCancel(context.Background())
	rival.Ready(s.Addr(), func() (n uint64) {
		for _, l := range lanes {
			n += l.Load()
		}
		if len(lanes) == 0 {
			n = p.Stats().Node("udp").Out
		}
		return n
	}, end)
	if err := p.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "leat:", err)
		os.Exit(1)
	}
	rival.Done()
	if os.Getenv("LEAT_SHOW") != "" {
		fmt.Fprint(os.Stderr, p)
	}
}
