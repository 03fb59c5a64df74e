// Package assembly declares the servers that the command runs. Each is an ordinary assembly of the framework's parts.
package assembly

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/cmd/leat/kv"
	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// TCP says which TCP server to assemble.
type TCP struct {
	Listen     string
	Codec      string // one of Codecs
	App        string // one of Apps
	MaxMessage int    // bytes
	Source     string // one of Sources: the engine that reads
	Loops      int    // of the sources that have some; 0 for one on each processor

	Workers  int           // lanes behind a queue; 0 fuses the work with the reading
	Queue    string        // one of Queues
	QueueCap int           // messages, for each worker
	By       string        // one of Keys
	Delay    time.Duration // for which each message occupies its lane
	Batch    int           // messages that a worker takes at once; 0 for the queue's default

	MaxConns      int
	MaxPerAddress int     // connections of one address; 0 for no bound
	AcceptRate    float64 // connections a second; 0 for no bound
	Limits        stage.Limits
	Drain         time.Duration
	Socket        Socket

	Password    string // of the app kv; none when empty
	MaxMemory   int64  // bytes of keys and values of the app kv; 0 for no bound
	Journal     string // file in which the app kv keeps its changes; none when empty
	JournalSync string // one of Syncs
}

// The words that the fields of TCP understand.
var (
	Codecs = []string{"raw", "frame", "line", "resp"}
	Apps   = []string{"echo", "upper", "kv"}
	Queues = []string{"chan", "ring", "block", "workiva"}
	Keys   = []string{"request", "connection", "shortest"}
	Syncs  = []string{"always", "everysec", "never"}

	Sources = []string{"reactor", "goroutine", "uring"}
)

// DefaultTCP is a server that echoes lines on the loopback interface.
func DefaultTCP() TCP {
	return TCP{
		Listen: "127.0.0.1:8080", Codec: "line", App: "echo", MaxMessage: 64 << 10, Source: "reactor",
		Queue: "chan", QueueCap: queue.DefaultCap, By: "request",
		MaxConns: tcp.DefaultMaxConns, Limits: stage.DefaultLimits, Drain: pipeline.DefaultDrain,
		Socket: defaultSocket, JournalSync: "always", MaxMemory: 1 << 30,
	}
}

// Suit gives what nobody has chosen the value that the app wants; chosen says so of a setting by the name of its flag. The
// defaults are for short messages; values of the app kv may be long, and its clients listen for long.
func (c *TCP) Suit(chosen func(flag string) bool) {
	if c.App != "kv" {
		return
	}
	if !chosen("codec") {
		c.Codec = "resp"
	}
	if !chosen("max-message") {
		c.MaxMessage = 64 << 20
	}
	if !chosen("max-output") {
		c.Limits.OutHard = 256 << 20
	}
	if !chosen("idle") {
		c.Limits.Idle = 0
	}
	if c.Journal != "" && !chosen("workers") {
		c.Workers = 1
	}
}

// Validate says everything that is wrong with c.
func (c TCP) Validate() error {
	word := func(what, have string, known []string) error {
		if slices.Contains(known, have) {
			return nil
		}
		return fmt.Errorf("there is no %s %q; choose %s", what, have, strings.Join(known, ", "))
	}
	return errors.Join(
		word("codec", c.Codec, Codecs),
		word("app", c.App, Apps),
		word("queue", c.Queue, Queues),
		word("key", c.By, Keys),
		word("way to sync a journal", c.JournalSync, Syncs),
		word("source", c.Source, Sources),
		within("loops", c.Loops, 0, 1024),
		within("workers", c.Workers, 0, stage.Partitions),
		within("the queue's capacity", c.QueueCap, 1, 1<<20),
		within("the longest message", c.MaxMessage, 1, 1<<30),
		c.fit(),
		within("messages that a worker takes at once", c.Batch, 0, 1<<16),
		within("connections", c.MaxConns, 1, 1<<20),
		within("connections of one address", c.MaxPerAddress, 0, 1<<20),
		within("connections accepted a second", c.AcceptRate, 0, 1e6),
		within("the delay", c.Delay, 0, time.Minute),
		within("the drain time", c.Drain, time.Millisecond, 24*time.Hour),
		c.Limits.Validate(),
	)
}

// fit says whether codec and app go together, and what else a key-value server wants.
func (c TCP) fit() error {
	switch {
	case c.Codec == "resp" && c.App != "kv":
		return fmt.Errorf("the codec resp serves the app kv, not %s", c.App)
	case c.Codec != "resp" && c.App == "kv":
		return fmt.Errorf("the app kv speaks resp, not %s", c.Codec)
	case c.App == "kv" && c.By != "request":
		return fmt.Errorf("the app kv divides its work by key, not by %s", c.By)
	case c.App == "kv" && c.Delay > 0:
		return fmt.Errorf("the app kv does not delay its answers")
	case c.App == "kv" && c.MaxMessage > kv.MaxString:
		return fmt.Errorf("an argument of the app kv has at most %d bytes, not %d", kv.MaxString, c.MaxMessage)
	case c.MaxMemory < 0:
		return fmt.Errorf("the most memory is negative: %d", c.MaxMemory)
	case c.Journal != "" && c.App != "kv":
		return fmt.Errorf("the app %s has nothing to keep in a journal", c.App)
	case c.Journal != "" && c.Workers != 1:
		return fmt.Errorf("a journal is one order: it works with 1 worker, not with %d", c.Workers)
	}
	return nil
}

func within[T cmp.Ordered](what string, have, least, most T) error {
	if have >= least && have <= most {
		return nil
	}
	return fmt.Errorf("%s must be between %v and %v, not %v", what, least, most, have)
}

// Assemble declares the server. Nothing is opened yet.
func (c TCP) Assemble(opts ...pipeline.Option) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	opts = append(opts, pipeline.DrainTime(c.Drain))
	s := &Server{Pipeline: pipeline.New(c.App, opts...), opts: opts}
	source := append(c.Socket.options(), tcp.Name("tcp"), tcp.Limits(c.Limits), tcp.MaxConns(c.MaxConns))
	if c.MaxPerAddress > 0 {
		source = append(source, tcp.MaxConnsPerAddress(c.MaxPerAddress))
	}
	if c.AcceptRate > 0 {
		source = append(source, tcp.AcceptRate(c.AcceptRate, acceptBurst))
	}
	s.Source = tcp.Listen(c.Listen, append(source, c.engine())...)
	switch c.Codec {
	case "raw":
		assemble(c, s, frame.Raw, frame.Raw, func(m *frame.Frame) []byte { return m.Payload })
	case "frame":
		f := frame.Length32(c.MaxMessage)
		assemble(c, s, f, f, func(m *frame.Frame) []byte { return m.Payload })
	case "line":
		l := line.Text(c.MaxMessage)
		assemble(c, s, l, l, func(m *line.Line) []byte { return m.Text })
	case "resp":
		c.keep(s)
	}
	return s, nil
}

func (c TCP) engine() tcp.Option {
	switch c.Source {
	case "goroutine":
		return tcp.Goroutines()
	case "uring":
		return tcp.IOUring(c.Loops)
	}
	return tcp.Reactor(c.Loops)
}

// acceptBurst is how many connections may come at once before the rate of accepting them holds.
const acceptBurst = 128

// keep declares a server of keys and values.
func (c TCP) keep(s *Server) {
	s.store = kv.New(kv.Config{
		Workers: c.Workers, Password: c.Password, MaxMemory: c.MaxMemory, Journal: c.Journal != "",
		Limits: resp.Limits{Bulk: c.MaxMessage, Total: min(2*max(c.MaxMessage, 64<<20), 1<<30-1<<10)}, // what is recorded of a command is a little longer
	})
	var journal stage.SinkMaker[kv.Call]
	opts := c.queueOptions()
	if c.Journal != "" {
		s.keep = journaling{path: c.Journal, sync: syncs[c.JournalSync]}
		journal = s.record
		if c.Batch == 0 {
			opts = append(opts, queue.Batch(journalBatch))
		}
	}
	s.store.Serve(s.Pipeline.From(s.Source), maker[kv.Call](c.Queue), journal, opts...)
}

func (c TCP) queueOptions() []queue.Option {
	opts := []queue.Option{queue.Cap(c.QueueCap)}
	if c.Batch > 0 {
		opts = append(opts, queue.Batch(c.Batch))
	}
	return opts
}

func assemble[T any](c TCP, s *Server, dec stage.Decoder[T], enc stage.Encoder[T], text func(*T) []byte) {
	f := s.Pipeline.From(s.Source).Via("decode", codec.Decode(dec))
	if c.Workers > 0 {
		q, opts := maker[T](c.Queue), c.queueOptions()
		switch c.By {
		case "request":
			f = f.Shard("by request", c.Workers, stage.ByRequest, q, opts...)
		case "connection":
			f = f.Shard("by connection", c.Workers, stage.ByConn, q, opts...)
		case "shortest":
			f = f.Spread("to the shortest", c.Workers, q, opts...)
		}
	}
	if c.Delay > 0 {
		f = f.Via("delay", c.delay(stage.Do(func(*T) { time.Sleep(c.Delay) })))
	}
	if c.App == "upper" {
		f = f.Via("upper", stage.Do(func(m *T) { upper(text(m)) }))
	}
	f.To("reply", sinks.Reply(enc))
}

// delay marks the stage that sleeps as blocking where it may be: behind a queue.
func (c TCP) delay[T any](mk stage.Maker[T, T]) stage.Maker[T, T] {
	if c.Workers > 0 {
		return stage.Blocking(mk)
	}
	return mk
}

func maker[T any](name string) queue.Maker[T] {
	switch name {
	case "ring":
		return queue.Ring[T]
	case "block":
		return queue.Blocks[T]
	case "workiva":
		return queue.Workiva[T]
	}
	return queue.Chan[T]
}

// upper makes ASCII letters capitals, in place.
func upper(b []byte) {
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - ('a' - 'A')
		}
	}
}
