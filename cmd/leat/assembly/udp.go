package assembly

import (
	"context"
	"errors"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/pcap"
	"github.com/leat-io/leat/stage"
)

// UDP says which UDP server to assemble.
type UDP struct {
	Listen string
	Source string // one of UDPSources: the engine that receives
	App    string // one of UDPApps
	Lanes  int    // sockets that share the address, each with a lane that receives

	Workers  int    // lanes behind a queue; 0 fuses the work with the receiving
	Queue    string // one of Queues
	QueueCap int    // packets, for each worker
	Full     string // one of WhenFull: what happens to a packet for which there is no room
	By       string // one of UDPKeys

	Batch         int // packets that are received at once
	MaxDatagram   int // bytes
	Nap           time.Duration
	ReceiveBuffer int // bytes
	Trains        bool
	Drain         time.Duration

	Lines  UDPLines  // of the apps that write some
	Frames UDPFrames // of the engines that see whole ones
}

// The words that the fields of UDP understand, beside those of apps and sources.
var (
	WhenFull = []string{"drop-newest", "drop-oldest", "block"}
	UDPKeys  = []string{"peer", "flow", "shortest"}
)

// DefaultUDP is a server that sends each packet back, on the loopback interface.
func DefaultUDP() UDP {
	return UDP{
		Listen: "127.0.0.1:9000", Source: "mmsg", App: "echo", Lanes: 1,
		Queue: "ring", QueueCap: queue.DefaultCap, Full: "drop-newest", By: "peer",
		Batch: udp.DefaultBatch, MaxDatagram: udp.DefaultMaxDatagram, Nap: udp.DefaultNap, ReceiveBuffer: udp.DefaultReceiveBuffer,
		Trains: true, Drain: pipeline.DefaultDrain, Lines: defaultUDPLines, Frames: defaultUDPFrames,
	}
}

// Suit gives what nobody has chosen the value that the source or the app wants; chosen says so of a setting by the name of its flag.
func (c *UDP) Suit(chosen func(flag string) bool) {
	if c.Source == "pcap" && !chosen("when-full") {
		c.Full = "block" // a file can wait
	}
	if !c.WritesLines() {
		return
	}
	if !chosen("workers") {
		c.Workers = 1 // a flush, or a long message, must not stop the receiving
	}
	if !chosen("max-datagram") && c.App != "count" {
		c.MaxDatagram = longDatagram
	}
}

// Validate says everything that is wrong with c.
func (c UDP) Validate() error {
	return errors.Join(
		word("source", c.Source, UDPSources()),
		word("app", c.App, UDPApps()),
		word("queue", c.Queue, Queues),
		word("policy for a full queue", c.Full, WhenFull),
		word("key", c.By, UDPKeys),
		within("lanes", c.Lanes, 1, 256),
		within("workers", c.Workers, 0, stage.Partitions),
		within("the queue's capacity", c.QueueCap, 1, 1<<20),
		within("packets that are received at once", c.Batch, 1, 1024),
		within("the longest datagram", c.MaxDatagram, 1, 65535),
		within("the nap", c.Nap, 0, 100*time.Millisecond),
		within("the receive buffer", c.ReceiveBuffer, 1, 1<<30),
		within("the drain time", c.Drain, time.Millisecond, 24*time.Hour),
		c.validateLines(),
		c.validateFrames(),
	)
}

// A UDPServer is an assembly that is ready to run.
type UDPServer struct {
	Pipeline *pipeline.Pipeline
	Source   *udp.Source

	replay *pcap.Replay  // of the source pcap
	output string        // of the apps that write lines
	out    *lines.Writer // once it is open
}

// Assemble declares the server. Nothing is opened yet.
func (c UDP) Assemble(opts ...pipeline.Option) (*UDPServer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &UDPServer{Pipeline: pipeline.New(c.App, append(opts, pipeline.DrainTime(c.Drain))...)}
	s.Source = udp.Listen(c.Listen, udp.Name("udp"), udpSources[c.Source](c, s), udp.Lanes(c.Lanes),
		udp.Batch(c.Batch), udp.MaxDatagram(c.MaxDatagram), udp.Nap(c.Nap), udp.ReceiveBuffer(c.ReceiveBuffer))
	if c.WritesLines() {
		s.output = c.Lines.Output
	}
	udpApps[c.App](c, s, s.Pipeline.From(s.Source))
	return s, nil
}

// Open opens the output of lines, if there are any, and binds the address. Run must follow.
func (s *UDPServer) Open() (err error) {
	if s.output != "" {
		if s.out, err = lines.Open(s.output); err != nil {
			return err
		}
	}
	if err := s.Source.Bind(); err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

// Run runs the pipeline until ctx or the file of the source ends, or until lines can be written no more: then the error says why.
func (s *UDPServer) Run(ctx context.Context) error {
	run := s.Pipeline.Run
	if s.replay != nil {
		run = func(ctx context.Context) error { return s.replay.Run(ctx, s.Pipeline) }
	}
	if s.out == nil {
		return run(ctx)
	}
	ctx, stop := s.out.Guard(ctx)
	defer stop()
	return errors.Join(run(ctx), s.close())
}

func (s *UDPServer) close() error {
	if s.out == nil {
		return nil
	}
	return s.out.Close()
}

// workers moves a flow to the lanes that work on it, by a key of the app's, if there are any.
func (c UDP) workers[T any](f *pipeline.Flow[T], name string, key func(*T) uint64) *pipeline.Flow[T] {
	if c.Workers == 0 {
		return f
	}
	return f.Shard(name, c.Workers, key, maker[T](c.Queue), c.queueOptions()...)
}

// packets moves a flow of packets to the lanes that work on it, by the key that was asked for.
func (c UDP) packets(f *pipeline.Flow[udp.Packet]) *pipeline.Flow[udp.Packet] {
	switch {
	case c.Workers == 0:
		return f
	case c.By == "flow":
		return c.workers(f, "by flow", udp.ByFlow)
	case c.By == "shortest":
		return f.Spread("to the shortest", c.Workers, maker[udp.Packet](c.Queue), c.queueOptions()...)
	}
	return c.workers(f, "by peer", udp.ByPeer)
}

func (c UDP) queueOptions() []queue.Option {
	full := map[string]queue.WhenFull{"drop-newest": queue.DropNewest, "drop-oldest": queue.DropOldest, "block": queue.Block}
	return []queue.Option{queue.Cap(c.QueueCap), full[c.Full]}
}
