package pcap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
)

// ErrStopped is the error of a replay that was stopped before the end of its file.
var ErrStopped = errors.New("the replay was stopped before the end of the file")

// ErrFormat is the error of a file that is no capture, or is damaged.
var ErrFormat = errors.New("not a capture file, or damaged")

// A Replay is one file, for one source. It implements udp.Engine.
type Replay struct {
	path  string
	speed float64 // 0 does not wait

	pick    netip.AddrPort // destinations
	file    *os.File
	reader  reader
	wake    chan struct{} // one is enough
	done    chan struct{} // closed when all is read, or nothing more will be
	end     sync.Once
	refused packet.Tally
	read    atomic.Uint64 // packets in the file, so far
	others  atomic.Uint64 // datagrams to other addresses

	mu  sync.Mutex
	err error // guarded by mu
}

// An Option changes a replay.
type Option func(*Replay)

// Speed is how much faster than they were captured packets come: 1, the default, is as they were captured, 10 in a tenth of the
// time. 0 waits for nothing but the pipeline.
func Speed(times float64) Option { return func(r *Replay) { r.speed = times } }

// Open makes a replay of a file, which is opened when the source is bound or started.
func Open(path string, opts ...Option) *Replay {
	r := &Replay{path: path, speed: 1, wake: make(chan struct{}, 1), done: make(chan struct{})}
	for _, o := range opts {
		o(r)
	}
	return r
}

// String implements udp.Engine.
func (r *Replay) String() string {
	if r.speed == 0 {
		return "capture file " + r.path + " at full speed"
	}
	return fmt.Sprintf("capture file %s at %s of its speed", r.path, strconv.FormatFloat(r.speed, 'g', -1, 64))
}

// Open implements udp.Engine.
func (r *Replay) Open(o *udp.Opening) (err error) {
	switch {
	case r.speed < 0:
		return fmt.Errorf("the speed must not be less than 0, as %v is", r.speed)
	case o.Lanes() != 1:
		return fmt.Errorf("a file has one lane, not %d", o.Lanes())
	case o.Peer() != "" || len(o.Groups()) > 0:
		return errors.New("a file has no sockets: Connect and Multicast are not available")
	}
	if r.pick, err = picked(o.Address()); err != nil {
		return err
	}
	if r.file, err = os.Open(r.path); err != nil {
		return err
	}
	if r.reader, err = newReader(r.file); err != nil {
		return errors.Join(fmt.Errorf("%s: %w: %w", r.path, ErrFormat, err), r.file.Close())
	}
	o.NoSockets(r.pick)
	return nil
}

// picked reads the address of the source. Without a host it is every one: a file has no interfaces of which one would be the
// safest.
func picked(addr string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("the address %q is not host:port: %w", addr, err)
	}
	if host == "" {
		host = "::"
	}
	a, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return a, fmt.Errorf("the address %q of a capture's datagrams is not one in digits: %w", addr, err)
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
}

// wanted says whether a destination is one of those that the source listens on.
func (r *Replay) wanted(a netip.AddrPort) bool {
	p := r.pick
	return (p.Port() == 0 || p.Port() == a.Port()) &&
		(p.Addr() == a.Addr() || p.Addr().IsUnspecified() && (p.Addr().Is6() || a.Addr().Is4()))
}

// Done is closed when all of the file has been received, or when nothing more will be. Packets may still be on their way through
// other lanes: Run of the pipeline waits for them when its context ends.
func (r *Replay) Done() <-chan struct{} { return r.done }

// Err is why the file was not received to its end, or nil.
func (r *Replay) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Run runs p, which receives from r, until all of the file has gone through it, or until ctx ends. It returns the errors of both.
func (r *Replay) Run(ctx context.Context, p *pipeline.Pipeline) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	return errors.Join(p.Run(ctx), r.Err())
}

// Wake implements udp.Engine.
func (r *Replay) Wake(int) {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Waits implements udp.Engine: nothing is lost while a push waits.
func (*Replay) Waits() bool { return true }

// Gauges implements udp.Engine.
func (r *Replay) Gauges() []pipeline.Gauge {
	state := "reading"
	select {
	case <-r.done:
		state = "at its end"
		if err := r.Err(); err != nil {
			state = err.Error()
		}
	default:
	}
	n := func(name string, v uint64) pipeline.Gauge {
		return pipeline.Gauge{Name: name, Value: strconv.FormatUint(v, 10)}
	}
	g := []pipeline.Gauge{{Name: "state", Value: state}, n("packets in the file", r.read.Load()), n("to other addresses", r.others.Load())}
	r.refused.Each(func(reason packet.Reason, v uint64) { g = append(g, n("refused: "+reason.String(), v)) })
	return g
}

// Close implements udp.Engine. The file was only read.
func (r *Replay) Close() {
	_ = r.file.Close()
	r.finish(ErrStopped) // unless it has finished before
}

// finish notes the end, and why it is one.
func (r *Replay) finish(err error) {
	r.end.Do(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			r.err = fmt.Errorf("%s: behind packet %d: %w", r.path, r.read.Load(), err)
		}
		close(r.done)
	})
}
