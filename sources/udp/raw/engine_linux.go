package raw

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/leat-io/leat/internal/flowfilter"
	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
)

// A way is how frames come in.
type way interface {
	// name says which way, before it is open too.
	name() string
	// open makes what receives, for each lane. After an error close is called.
	open(e *engine, iface *net.Interface, m flowfilter.Match) ([]udp.Receiver, error)
	// gauges are figures of the way, whether it is open or not.
	gauges() []pipeline.Gauge
	// close removes what is not of one lane. It may be called again.
	close() error
}

// An engine is what both ways have in common. Its fields are guarded by the lock of the source, but for run.
type engine struct {
	settings
	way     way
	opening *udp.Opening // nil until it is open
	lanes   []*udp.Poller
	run     []atomic.Bool // whether a lane's Receive has begun
	refused packet.Tally
}

func newEngine(s settings, w way) *engine { return &engine{settings: s, way: w} }

// String implements udp.Engine.
func (e *engine) String() string { return e.way.name() }

// errPeer is about the option Connect.
var errPeer = errors.New("a socket that is connected to one peer has no part in what an engine on frames receives: Connect is not available")

// Open implements udp.Engine. Sockets come first: from then on nobody is told that there is none, and no packet is lost between
// the moments when frames begin to come in and when the kernel's copies cease.
func (e *engine) Open(o *udp.Opening) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", e, errors.Join(err, e.discard()))
		}
	}()
	if o.Peer() != "" {
		return errPeer
	}
	iface, err := net.InterfaceByName(e.iface)
	if err != nil {
		return err
	}
	if err := o.Sockets(e.iface); err != nil {
		return err
	}
	m, err := matchOf(iface, o)
	if err != nil {
		return err
	}
	e.opening = o
	receivers, err := e.way.open(e, iface, m)
	if err != nil {
		return err
	}
	for i, r := range receivers {
		p, err := o.Poller(r)
		if err != nil {
			for _, r := range receivers[i:] {
				r.Close()
			}
			return err
		}
		e.lanes = append(e.lanes, p)
	}
	e.run = make([]atomic.Bool, len(e.lanes))
	return nil
}

// discard ends what has not run.
func (e *engine) discard() error {
	for i, p := range e.lanes {
		if i >= len(e.run) || !e.run[i].Load() {
			p.Discard()
		}
	}
	e.lanes, e.opening = nil, nil
	return e.way.close()
}

// Receive implements udp.Engine.
func (e *engine) Receive(l *udp.Lane) {
	e.run[l.Index()].Store(true)
	e.lanes[l.Index()].Run(l)
}

// Wake implements udp.Engine.
func (e *engine) Wake(lane int) { e.lanes[lane].Wake() }

// Waits implements udp.Engine.
func (*engine) Waits() bool { return false }

// Close implements udp.Engine. An error of it has nobody to be told: all that it closes goes with the process at the latest.
func (e *engine) Close() { _ = e.discard() }

// Gauges implements udp.Engine.
func (e *engine) Gauges() []pipeline.Gauge {
	var g []pipeline.Gauge
	if e.opening != nil {
		g = append(g, pipeline.Gauge{Name: "interface", Value: e.iface + " is " + e.state()})
	}
	g = append(g, e.way.gauges()...)
	e.refused.Each(func(r packet.Reason, n uint64) {
		g = append(g, pipeline.Gauge{Name: "refused: " + r.String(), Value: fmt.Sprint(n)})
	})
	return g
}
