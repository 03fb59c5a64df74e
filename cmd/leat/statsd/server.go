package statsd

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// Config says how to aggregate.
type Config struct {
	Every     time.Duration // time between two flushes, at whole multiples of it
	MaxSeries int
	Forget    time.Duration // for which nobody has sent a series; 0 forgets none
	Quantiles []float64     // of timers, above 0 and at most 1
	Prefix    string        // of all names that are written
}

// Defaults of the command.
const (
	DefaultEvery     = 10 * time.Second
	DefaultMaxSeries = 100_000
	DefaultForget    = 5 * time.Minute
)

// DefaultQuantiles are those of timers.
var DefaultQuantiles = []float64{.5, .9, .99}

// A Server is what all lanes share: the bound on series, and counts.
type Server struct {
	cfg     Config
	series  atomic.Int64  // that there are
	samples atomic.Uint64 // that were understood
	refused atomic.Uint64 // samples of series for which there was no room
	bad     [reasons]atomic.Uint64

	mu    sync.Mutex
	first string // guarded by mu: the first line that was malformed
}

// New makes a server without series.
func New(cfg Config) *Server { return &Server{cfg: cfg} }

// Serve declares what becomes of packets: shard moves samples by Key to the lanes that aggregate.
func (s *Server) Serve(packets *pipeline.Flow[udp.Packet], shard func(*pipeline.Flow[Sample]) *pipeline.Flow[Sample], to stage.SinkMaker[lines.Text]) {
	shard(packets.Via("parse", s.parser)).
		Via("aggregate", s.aggregator).
		Queue("lines", queue.Chan, queue.Batch(256)).
		To("write", to)
}

// excerpt is how many bytes of a malformed line are shown.
const excerpt = 80

// malformed counts a line that is no sample.
func (s *Server) malformed(why Malformed, line []byte) {
	if s.bad[why].Add(1) > 1 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == "" {
		line = bytes.TrimRight(line, "\r\n")
		s.first = fmt.Sprintf("%.*q has %v", excerpt, line, why)
	}
}

// badLines says how many lines were malformed, and why.
func (s *Server) badLines() string {
	var parts []string
	for i := range s.bad {
		if n := s.bad[i].Load(); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, Malformed(i)))
		}
	}
	if len(parts) == 0 {
		return "0"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(parts, ", ") + "; the first: " + s.first
}
