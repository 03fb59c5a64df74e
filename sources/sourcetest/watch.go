package sourcetest

import (
	"context"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A watched source tells when it is stopped, so that a check can act between the stop and the end of what it waits for.
type watched struct {
	pipeline.Source[stage.Segment]
	stopping chan struct{} // closed when Stop is called
	stopped  chan struct{} // closed when Stop has returned
}

func watch(s pipeline.Source[stage.Segment]) watched {
	return watched{s, make(chan struct{}), make(chan struct{})}
}

func (w watched) Stop(ctx context.Context) {
	close(w.stopping)
	w.Source.Stop(ctx)
	close(w.stopped)
}

func (w watched) Gauges() []pipeline.Gauge {
	if g, ok := w.Source.(pipeline.Gauged); ok {
		return g.Gauges()
	}
	return nil
}

func (w watched) Services() []pipeline.Service {
	if s, ok := w.Source.(pipeline.Served); ok {
		return s.Services()
	}
	return nil
}
