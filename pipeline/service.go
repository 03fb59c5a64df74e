package pipeline

import (
	"context"
	"sync"
	"time"
)

// A Service is work beside the data, such as the sweep of timeouts or a health checker. It has a goroutine of its own from
// the start of the pipeline to its end, and no lane. Run must return when ctx ends.
type Service struct {
	Name string
	Run  func(ctx context.Context)
}

// Served is a source that needs services.
type Served interface{ Services() []Service }

// Beside adds a service to the pipeline.
func (p *Pipeline) Beside(s Service) {
	if s.Name == "" || s.Run == nil {
		p.misuse("Beside needs a service with a name and something to run, not %q", s.Name)
	}
	p.services = append(p.services, s)
}

// serve starts the services. The function that it returns ends them, and names in an error those that do not return within
// the drain time.
func (p *Pipeline) serve(ctx context.Context) (dismiss func() error) {
	ctx, cancel := context.WithCancel(ctx)
	running := make([]sync.WaitGroup, len(p.services))
	for i, s := range p.services {
		running[i].Go(func() { s.Run(ctx) })
	}
	return func() error {
		cancel()
		began := time.Now()
		patience, done := context.WithTimeout(context.WithoutCancel(ctx), p.drain)
		defer done()
		if p.isForce.Load() {
			done()
		}
		var lost []Loss
		for i, s := range p.services {
			if !await(patience, &running[i]) {
				lost = append(lost, Loss{Node: s.Name, What: "the service does not end"})
			}
		}
		if len(lost) > 0 {
			return &DrainError{Pipeline: p.name, After: time.Since(began), Lost: lost}
		}
		return nil
	}
}
