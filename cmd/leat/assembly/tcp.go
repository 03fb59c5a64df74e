// Package assembly declares the servers that the command runs. Each is an ordinary assembly of the framework's parts.
package assembly

import (
	"errors"
	"fmt"
	"time"

	"github.com/leat-io/leat/cmd/leat/kv"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
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

	Admission
	Limits stage.Limits
	Drain  time.Duration
	Socket Socket
	TLS    TLS

	Password    string // of the app kv; none when empty
	MaxMemory   int64  // bytes of keys and values of the app kv; 0 for no bound
	Journal     string // file in which the app kv keeps its changes; none when empty
	JournalSync string // one of Syncs
}

// The words that the fields of TCP understand.
var (
	Codecs = []string{"raw", "frame", "line", "resp", "mux"}
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
		Admission: Admission{MaxConns: tcp.DefaultMaxConns}, Limits: stage.DefaultLimits, Drain: pipeline.DefaultDrain,
		Socket: defaultSocket, TLS: DefaultTLS(), JournalSync: "always", MaxMemory: 1 << 30,
	}
}

// Suit gives what nobody has chosen the value that the app wants; chosen says so of a setting by the name of its flag. The
// defaults are for short messages; values of the app kv may be long, and its clients listen for long.
func (c *TCP) Suit(chosen func(flag string) bool) {
	if c.Codec == "mux" && !chosen("max-message") {
		c.MaxMessage = DefaultMux().MaxMessage
	}
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
		c.validateAdmission(),
		within("the delay", c.Delay, 0, time.Minute),
		within("the drain time", c.Drain, time.Millisecond, 24*time.Hour),
		c.Limits.Validate(),
		c.TLS.Validate(),
	)
}

// fit says whether codec and app go together, and what else a key-value server wants.
func (c TCP) fit() error {
	switch {
	case c.Codec == "resp" && c.App != "kv":
		return fmt.Errorf("the codec resp serves the app kv, not %s", c.App)
	case c.Codec != "resp" && c.App == "kv":
		return fmt.Errorf("the app kv speaks resp, not %s", c.Codec)
	case c.Codec == "mux" && c.Workers > 0 && c.By == "shortest":
		return fmt.Errorf("what comes on a stream keeps its order: the codec mux divides its work by request or connection, not to the shortest queue")
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
