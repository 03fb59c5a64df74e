package tcp

import (
	"context"
	"net/netip"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// A taker is who gets the connections that are accepted.
type taker interface {
	// adopt serves a connection that was accepted, or refuses it.
	adopt(fd int, from netip.AddrPort)

	// account is the lane on whose account errors of accepting go.
	account() *stage.Lane

	// endAccepting is called when deaf is set. The channel is closed when nobody is accepted any more.
	endAccepting() (accepted <-chan struct{})
}

// An engine serves the connections of a source.
type engine interface {
	taker

	// String is what the gauge "engine" says.
	String() string

	// lanes is the most lanes that it opens; validate says what is wrong with what it was asked for.
	lanes() int
	validate() error
	services() []pipeline.Service

	// start begins to accept and to read; stop, shut and account are called only after it has succeeded.
	start(open func(wake func()) *pipeline.Inlet[stage.Segment]) error

	// stop ends the accepting and the reading when stopping is set, as pipeline.Source says.
	stop(ctx context.Context)

	// shut ends everything. Finish has been called for all connections; at the end of ctx those that are left are cut.
	shut(ctx context.Context) pipeline.Lost
}
