package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/load"
	"github.com/leat-io/leat/cmd/leat/load/workload"
	"github.com/leat-io/leat/pipeline"
)

// Traffic is the load under which an assembly is recorded.
type Traffic struct {
	Conns   int
	Depth   int // requests in flight on each connection
	Message int // bytes of a payload or of a value
}

// DefaultTraffic keeps readers busy enough to find several requests in one read.
var DefaultTraffic = Traffic{Conns: 64, Depth: 16, Message: 64}

// keys is how many there are of the app kv: their values fit into a second-level cache with their table.
const keys = 1000

type tcpSubject struct {
	server *assembly.Server
	load   load.Config
	dir    string // of the journal, or empty
	opened bool
}

// TCP is a TCP server as a subject. It listens on a port of the loopback interface that the system chooses, admits every client
// without a password, and keeps its journal, if it has one, in a temporary file: what is written in a benchmark must not come
// into a file that somebody needs.
func TCP(cfg assembly.TCP, traffic Traffic, log *slog.Logger) (_ Subject, err error) {
	if traffic.Conns < 1 || traffic.Depth < 1 || traffic.Message < 1 {
		return nil, fmt.Errorf("connections, requests in flight and bytes of a message must be at least 1, not %d, %d, %d", traffic.Conns, traffic.Depth, traffic.Message)
	}
	cfg.Listen, cfg.Password, cfg.MaxPerAddress, cfg.AcceptRate, cfg.AcceptRatePerAddress = "127.0.0.1:0", "", 0, 0, 0
	cfg.MaxConns = max(cfg.MaxConns, traffic.Conns+1)
	s := &tcpSubject{load: load.Config{
		Driver:   load.Goroutine, // loops would have to wait for the processors, which those of the server do not give up at once
		Protocol: load.Protocol(cfg.Codec), Conns: traffic.Conns, Depth: traffic.Depth, Message: traffic.Message,
		Duration: 24 * time.Hour, // until the context ends
	}}
	switch cfg.App {
	case "upper":
		s.load.Reply = load.Upper
	case "kv":
		s.load.Request, s.load.Keys = workload.MIXED, keys
	}
	if cfg.Journal != "" {
		if s.dir, err = os.MkdirTemp("", "leat-bench"); err != nil {
			return nil, err
		}
		cfg.Journal = filepath.Join(s.dir, "journal")
	}
	if s.server, err = cfg.Assemble(pipeline.Log(log)); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

func (s *tcpSubject) Pipeline() *pipeline.Pipeline { return s.server.Pipeline }

func (s *tcpSubject) Open(ctx context.Context) error {
	_, err := s.server.Open(ctx) // which closes what it has opened, when it fails
	s.opened = err == nil
	return err
}

func (s *tcpSubject) Run(ctx context.Context) error { return s.server.Run(ctx) }

func (s *tcpSubject) Close() (err error) {
	if s.opened {
		err = s.server.Close()
	}
	return errors.Join(err, s.remove())
}

func (s *tcpSubject) remove() error {
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

func (s *tcpSubject) Drive(ctx context.Context, ready func()) error {
	c := s.load
	c.Address = s.server.Source.Addr().String()
	if c.Protocol == load.RESP {
		c.Dial = s.preloading(ready)
	} else {
		ready()
	}
	res, err := load.Run(ctx, c)
	switch {
	case res.Mismatched > 0:
		return fmt.Errorf("%d of %d answers were wrong: %v", res.Mismatched, res.Requests, res.Errors)
	case ctx.Err() != nil:
		return nil
	}
	return err
}

// preloading dials, and calls done when the connection ends that sets the keys, the last to be opened: they are no part of
// what is recorded.
func (s *tcpSubject) preloading(done func()) func(context.Context, string, string) (net.Conn, error) {
	var dialer net.Dialer
	var dialed atomic.Int64
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := dialer.DialContext(ctx, network, address)
		if err == nil && dialed.Add(1) == int64(s.load.Conns)+1 {
			nc = &noticed{nc, done}
		}
		return nc, err
	}
}

// A noticed connection tells of its end.
type noticed struct {
	net.Conn
	closed func()
}

func (n *noticed) Close() error {
	defer n.closed()
	return n.Conn.Close()
}
