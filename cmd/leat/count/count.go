package count

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/lines"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// Config says how to count and what to report.
type Config struct {
	Top      int           // flows with the most packets in a report
	Counters int           // in all partitions together: 144 bytes each
	Every    time.Duration // time between two reports, at whole multiples of it; 0 reports at the end alone
	JSON     bool          // reports are JSON, one on a line
}

// Defaults of the command.
const (
	DefaultTop      = 10
	DefaultCounters = 1 << 16
	DefaultEvery    = 10 * time.Second
)

// Bounds of a Config.
const (
	MaxTop      = 1000
	MinCounters = stage.Partitions
	MaxCounters = 1 << 22
)

// Key is the key by which packets are to be sharded before Serve: state is kept by its partitions.
func Key(p *udp.Packet) uint64 { return p.Hash }

// A Server is what all lanes share.
type Server struct {
	cfg Config
	top atomic.Int64 // Config.Top, which may be changed
}

// New makes a server.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg}
	s.top.Store(int64(cfg.Top))
	return s
}

// Serve declares what becomes of packets, which have been sharded by Key if they arrive on several lanes.
func (s *Server) Serve(packets *pipeline.Flow[udp.Packet], to stage.SinkMaker[lines.Text]) {
	packets.
		Via("count", s.counter).
		Queue("figures", queue.Chan, queue.Batch(256)).
		Via("report", s.reporter).
		To("write", to)
}

// A flow is what packets have in common.
type flow struct{ peer, local netip.AddrPort }

// A Summary is what a partition has counted since the start.
type Summary struct {
	stage.Head
	part    uint8
	at      time.Time // zero at the end
	packets uint64
	bytes   uint64
	flows   float64 // about
	top     []Flow  // those with the most packets, at most Config.Top
}

// A Flow is the figures of one flow. Times are Unix nanoseconds.
type Flow struct {
	Peer        netip.AddrPort
	Local       netip.AddrPort
	Packets     uint64 // at most
	Error       uint64 // Packets is at most so much too large
	Bytes       uint64 // since First
	First, Last int64  // First is when the flow was first seen, or seen again after it had lost its counter to another
}
