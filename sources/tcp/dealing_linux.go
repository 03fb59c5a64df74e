package tcp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A dealing accepts connections on its first loop and deals them to all.
type dealing struct {
	*Source
	reactors *reactors // what was asked for of loops
	acceptor acceptor
	dealers  []*dealer
	server   netip.AddrPort // what connections come to, unless that is one of several addresses
	asks     bool           // it is, so each is asked
	running  sync.WaitGroup
	ended    chan struct{} // closed when all loops have ended
	vacant   chan struct{} // has an element when the last connection has ended

	waiting            atomic.Int64  // connections on which not all has come that comes first
	headers, helloless atomic.Uint64 // PROXY headers that were read, and connections without the ClientHello that was asked for

	mu      sync.Mutex
	holders map[stage.Holder]struct{} // guarded by mu: who has taken connections over
}

func newDealing(s *Source) (*dealing, error) {
	d := &dealing{
		Source: s, ended: make(chan struct{}), vacant: make(chan struct{}, 1),
		holders: map[stage.Holder]struct{}{},
	}
	d.acceptor.over = make(chan struct{})
	s.taker = d
	var ok bool
	if d.reactors, ok = s.engine.(*reactors); !ok || d.reactors.ring != nil {
		d.reactors = &reactors{Source: s, asked: 1}
		return d, errors.New("tcp.Accept needs the loops of epoll: leave the options Goroutines and IOUring out")
	}
	return d, nil
}

// String is what the gauge "engine" says.
func (d *dealing) String() string { return fmt.Sprintf("epoll, %d loops", d.lanes()) }

// gauges are the figures of what comes first on connections.
func (d *dealing) gauges() (g []pipeline.Gauge) {
	show := func(name string, n any) { g = append(g, pipeline.Gauge{Name: name, Value: fmt.Sprint(n)}) }
	if d.serverNames || !d.proxies.None() {
		show("waiting for what comes first", d.waiting.Load())
	}
	if !d.proxies.None() {
		show("PROXY headers", d.headers.Load())
	}
	if d.serverNames {
		show("without a ClientHello", d.helloless.Load())
	}
	return g
}

func (d *dealing) lanes() int { return d.reactors.lanes() }

func (d *dealing) validate() error { return d.reactors.validate() }

func (d *dealing) services() []pipeline.Service {
	return []pipeline.Service{{Name: d.Source.String() + ": watch of the loops", Run: d.watch}}
}

func (d *dealing) watch(ctx context.Context) {
	watchLoops(ctx, d.started, func() (all []watched) {
		for _, l := range d.dealers {
			all = append(all, watched{l.events, l.inlet.Lane})
		}
		return all
	})
}

func (d *dealing) liveness() func() bool {
	return turning(d.started, func(see func(*reactor.Loop)) {
		for _, l := range d.dealers {
			see(l.events)
		}
	})
}

func (d *dealing) account() *stage.Lane { return d.dealers[0].inlet.Lane }

func (d *dealing) start(open func(wake func()) *pipeline.Inlet[stage.Accepted]) (err error) {
	defer func() {
		if err != nil {
			for _, l := range d.dealers {
				l.events.Discard()
			}
			d.dealers = nil
		}
	}()
	if !strings.HasPrefix(d.address(), unixPrefix) {
		if d.server, err = netip.ParseAddrPort(d.address()); err != nil {
			return err
		}
		d.asks = d.server.Addr().IsUnspecified()
	}
	for range d.lanes() {
		p, err := reactor.NewEpoll()
		if err != nil {
			return err
		}
		d.dealers = append(d.dealers, newDealer(d, p))
	}
	if err := d.acceptor.init(d.Source, d); err != nil {
		return err
	}
	for _, l := range d.dealers {
		l.carry(open(l.events.Wake))
	}
	for _, l := range d.dealers {
		d.running.Go(l.run)
	}
	go func() { d.running.Wait(); close(d.ended) }()
	return nil
}

// listen implements ear.
func (d *dealing) listen(a *acceptor) error {
	_, err := d.dealers[0].epoll.Add(a.fd, reactor.In, a)
	return err
}

// deafen implements ear.
func (d *dealing) deafen(a *acceptor) {
	d.dealers[0].epoll.Remove(a.fd)
	a.rest()
}

// wakeAll implements ear.
func (d *dealing) wakeAll() {
	for _, l := range d.dealers {
		l.events.Wake()
	}
}

// adopt implements taker, on the first loop.
func (d *dealing) adopt(fd int, from netip.AddrPort) {
	awaits := d.awaits(from.Addr())
	counted := from.Addr()
	if awaits&awaitsHeader != 0 {
		counted = netip.Addr{} // until it is known whom the connection is from
	}
	as, ok := d.table.Admit(counted)
	if !ok {
		d.refuse(fd)
		return
	}
	l := d.dealers[0]
	for _, other := range d.dealers[1:] {
		if other.live.Load() < l.live.Load() {
			l = other
		}
	}
	l.live.Add(1)
	c := l.spare.take()
	c.seat, c.fd, c.client, c.awaits = &seat{dealer: l, as: as}, int32(fd), from, awaits
	c.Init(c, &d.table.Terms)
	d.setEach(fd)
	if l == d.dealers[0] {
		c.Run()
	} else {
		l.events.Post(c)
	}
}

// hold remembers who has taken a connection over.
func (d *dealing) hold(h stage.Holder) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holders[h] = struct{}{}
}

func (d *dealing) endAccepting() <-chan struct{} {
	d.dealers[0].events.Post(&d.acceptor)
	return d.acceptor.over
}

func (d *dealing) stop(ctx context.Context) {
	if within(ctx, d.acceptor.over) {
		for _, l := range d.dealers {
			l.enter(stopping)
		}
	}
	for _, l := range d.dealers {
		if !within(ctx, l.dealt) {
			d.abandoned.Store(true)
			l.enter(abandoned)
			select { // a lane that is stuck in a stage is left behind
			case <-l.dealt:
			case <-time.After(lingerTime):
			}
		}
	}
}

// shut waits for those who hold connections.
func (d *dealing) shut(ctx context.Context) (lost pipeline.Lost) {
	for d.table.Len() > 0 && lost.Connections == 0 {
		select {
		case <-d.vacant:
		case <-ctx.Done():
			lost.Connections = d.table.Len()
			d.cut()
		}
	}
	for _, l := range d.dealers {
		l.enter(closing)
	}
	select {
	case <-d.ended:
	case <-time.After(2 * lingerTime): // a stage does not come back
	}
	return lost
}

// cut has all connections closed, and waits for that a moment.
func (d *dealing) cut() {
	d.mu.Lock()
	for h := range d.holders {
		h.Cut()
	}
	d.mu.Unlock()
	end := time.After(lingerTime)
	for d.table.Len() > 0 {
		select {
		case <-d.vacant:
		case <-end:
			return
		}
	}
}
