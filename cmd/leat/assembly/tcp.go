// Package assembly declares the servers that the command runs. Each is an ordinary assembly of the framework's parts.
package assembly

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/codec/line"
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

	Workers  int           // lanes behind a queue; 0 fuses the work with the reading
	Queue    string        // one of Queues
	QueueCap int           // messages, for each worker
	By       string        // one of Keys
	Delay    time.Duration // for which each message occupies its lane

	MaxConns int
	Limits   stage.Limits
	Drain    time.Duration
}

// The words that the fields of TCP understand.
var (
	Codecs = []string{"raw", "frame", "line"}
	Apps   = []string{"echo", "upper"}
	Queues = []string{"chan", "workiva"}
	Keys   = []string{"request", "connection", "shortest"}
)

// DefaultTCP is a server that echoes lines on the loopback interface.
func DefaultTCP() TCP {
	return TCP{
		Listen: "127.0.0.1:8080", Codec: "line", App: "echo", MaxMessage: 64 << 10,
		Queue: "chan", QueueCap: queue.DefaultCap, By: "request",
		MaxConns: tcp.DefaultMaxConns, Limits: stage.DefaultLimits, Drain: pipeline.DefaultDrain,
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
		within("workers", c.Workers, 0, stage.Partitions),
		within("the queue's capacity", c.QueueCap, 1, 1<<20),
		within("the longest message", c.MaxMessage, 1, 1<<30),
		within("connections", c.MaxConns, 1, 1<<20),
		within("the delay", c.Delay, 0, time.Minute),
		within("the drain time", c.Drain, time.Millisecond, 24*time.Hour),
		c.Limits.Validate(),
	)
}

func within[T cmp.Ordered](what string, have, least, most T) error {
	if have >= least && have <= most {
		return nil
	}
	return fmt.Errorf("%s must be between %v and %v, not %v", what, least, most, have)
}

// Assemble declares the server. The source is not bound yet.
func (c TCP) Assemble(opts ...pipeline.Option) (*pipeline.Pipeline, *tcp.Source, error) {
	if err := c.Validate(); err != nil {
		return nil, nil, err
	}
	p := pipeline.New(c.App, append(opts, pipeline.DrainTime(c.Drain))...)
	source := tcp.Listen(c.Listen, tcp.Name("tcp"), tcp.Limits(c.Limits), tcp.MaxConns(c.MaxConns))
	switch c.Codec {
	case "raw":
		assemble(c, p, source, frame.Raw, frame.Raw, func(m *frame.Frame) []byte { return m.Payload })
	case "frame":
		f := frame.Length32(c.MaxMessage)
		assemble(c, p, source, f, f, func(m *frame.Frame) []byte { return m.Payload })
	case "line":
		l := line.Text(c.MaxMessage)
		assemble(c, p, source, l, l, func(m *line.Line) []byte { return m.Text })
	}
	return p, source, nil
}

func assemble[T any](c TCP, p *pipeline.Pipeline, source *tcp.Source, dec stage.Decoder[T], enc stage.Encoder[T], text func(*T) []byte) {
	f := p.From(source).Via("decode", codec.Decode(dec))
	if c.Workers > 0 {
		q, size := maker[T](c.Queue), queue.Cap(c.QueueCap)
		switch c.By {
		case "request":
			f = f.Shard("by request", c.Workers, stage.ByRequest, q, size)
		case "connection":
			f = f.Shard("by connection", c.Workers, stage.ByConn, q, size)
		case "shortest":
			f = f.Spread("to the shortest", c.Workers, q, size)
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
	if name == "workiva" {
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
