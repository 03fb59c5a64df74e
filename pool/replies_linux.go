package pool

import (
	"context"
	"fmt"
	"time"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// Replies is a source of what the servers send on the connections on which [Pool.Forward] has sent requests. What is decoded of
// it takes over the tickets of those requests.
type Replies struct {
	forwarding *forwarding
}

// Replies returns the source of replies. Declare the flow from it behind the flow that ends in Forward.
func (p *Pool) Replies() *Replies {
	return &Replies{p.forwarding()}
}

// String implements pipeline.Source.
func (r *Replies) String() string { return "replies" }

// Lanes implements pipeline.Source.
func (r *Replies) Lanes() int { return mostStations }

// Start implements pipeline.Source.
func (r *Replies) Start(open func(wake func()) *pipeline.Inlet[stage.Segment]) error {
	f := r.forwarding
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.open != nil || f.closed:
		return fmt.Errorf("a pool serves one pipeline, once")
	case f.pool.tls != nil:
		return fmt.Errorf("connections with TLS can be had of Get, but not be used by a pipeline")
	}
	f.open = open
	return nil
}

// Gauges implements pipeline.Gauged.
func (r *Replies) Gauges() []pipeline.Gauge {
	f := r.forwarding
	show := func(name string, v any) pipeline.Gauge { return pipeline.Gauge{Name: name, Value: fmt.Sprint(v)} }
	return []pipeline.Gauge{
		show("mode", f.Mode), show("threads", f.threads()), show("pending", r.Pending()), show("bytes kept", f.stored()),
		show("copies", f.copies.Load()), show("pushes dropped", f.pushes.Load()), show("panics", f.pool.panics.Load()),
	}
}

// Pending implements pipeline.Return.
func (r *Replies) Pending() (n int) {
	for _, st := range r.forwarding.stations() {
		n += int(st.pending.Load())
	}
	return n
}

// Stop implements pipeline.Source: it returns when nothing is pending, or soon after ctx has ended.
func (r *Replies) Stop(ctx context.Context) {
	f := r.forwarding
	for _, st := range f.stations() {
		st.loop.Post(stopping{st})
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r.Pending() > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	for _, st := range f.stations() {
		st.loop.Post(hush{st, false})
	}
	for _, st := range f.stations() {
		select {
		case <-st.done:
		case <-st.over:
		case <-ctx.Done():
			st.loop.Post(hush{st, true})
			select { // a lane that is stuck in a stage is left behind
			case <-st.done:
			case <-st.over:
			case <-time.After(time.Second):
			}
		}
	}
}

// Close implements pipeline.Source. What was pending is known to the sources of the requests, who say that it is lost.
func (r *Replies) Close(ctx context.Context) (lost pipeline.Lost) {
	f := r.forwarding
	for _, st := range f.stations() {
		st.cancel()
		st.loop.Post(finish{st})
	}
	stuck := false
	for _, st := range f.stations() {
		select {
		case <-st.over:
		case <-ctx.Done():
			select {
			case <-st.over:
			case <-time.After(time.Second):
				stuck = true
				continue
			}
		}
		st.dialing.Wait()
	}
	if !stuck {
		f.running.Wait()
	}
	return lost
}

// A stopping is a task that ends the requests which wait for something to happen: nobody could say when that is.
type stopping struct{ *station }

// Run implements reactor.Task.
func (s stopping) Run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	s.tick()
	s.check()
}

// A hush is a task that ends what a station pushes.
type hush struct {
	station *station
	force   bool
}

// Run implements reactor.Task.
func (h hush) Run() {
	h.station.hushing = true
	h.station.hush(h.force)
}

// hush ends what the station pushes when nothing waits in its lane any more, or at once by force.
func (st *station) hush(force bool) {
	if st.quiet || st.inlet.Stalled() && !force {
		return
	}
	st.mu.Lock()
	st.quiet = true
	st.mu.Unlock()
	close(st.done)
}

// A finish is a task that closes a station.
type finish struct{ *station }

// Run implements reactor.Task.
func (e finish) Run() {
	e.end()
	if e.apart {
		e.loop.Close()
	}
}

// end closes all connections of the station. It runs on the loop, or when that has ended.
func (st *station) end() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended {
		return
	}
	st.ended, st.quiet = true, true
	st.desks(func(d *desk) {
		d.each(func(l *link) { l.lost(ReasonClosed, errStopped) })
		for d.queue.len() > 0 {
			e := *d.queue.at(0)
			d.dequeue()
			d.backend.ward.ignore(e.permit)
			e.ticket.Void()
		}
	})
	for st.refused.len() > 0 {
		st.refused.at(0).ticket.Void()
		st.refused.drop()
		st.pending.Add(-1)
	}
	for _, g := range st.gifts {
		g.discard()
	}
	st.free()
	close(st.over)
}

// run is the life of a station on a thread of its own.
func (st *station) run() {
	_ = st.loop.Run() // it ends when the kernel fails it, and then so do its connections
}

// Services implements pipeline.Served: what looks after the connections ends with the pipeline, and the pool with it.
func (r *Replies) Services() []pipeline.Service {
	name := "keeper of the connections to servers"
	if r.forwarding.pool.guard.monitor != nil {
		name += ", with health checks"
	}
	return []pipeline.Service{{Name: name, Run: r.keep}}
}

// keep closes the pool when the pipeline has ended.
func (r *Replies) keep(ctx context.Context) {
	<-ctx.Done()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = r.forwarding.pool.Close(patience) // whoever has taken one with Get is late
}
