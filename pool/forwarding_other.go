//go:build !linux

package pool

import (
	"context"
	"errors"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// errNoLoop is what a pipeline that forwards ends with where there is no reactor.
var errNoLoop = errors.New("a pipeline can use a pool on Linux only; Get and Put work everywhere")

// A desk is not to be had here.
type desk struct{}

type forwarding struct{}

func (p *Pool) forwarding() *forwarding { return nil }

// A sender refuses everything: the pipeline does not start.
type sender struct {
	lane       *stage.Lane
	forwarding *forwarding
}

type station struct{}

type target struct{}

func (*sender) enter(*stage.Conn) (*station, error) { return nil, errNoLoop }
func (*sender) leave()                              {}
func (*sender) relieve()                            {}
func (*sender) end()                                {}
func (*sender) settle()                             {}
func (*sender) retry()                              {}
func (*station) place(*entry) (target, error)       { return target{}, errNoLoop }
func (*station) refuse(*entry, error)               {}
func (target) buffer() *[]byte                      { return new([]byte) }
func (target) add(*entry)                           {}
func (target) cancel(*entry)                        {}

// Forget says that a client has ended: what it holds, and what it waits for alone, is closed.
func (p *Pool) Forget(*stage.Conn) {}

// Replies is a source of what the servers send. It does not start here.
type Replies struct{}

// Replies returns the source of replies. Declare the flow from it behind the flow that ends in Forward.
func (p *Pool) Replies() *Replies { return &Replies{} }

// String implements pipeline.Source.
func (*Replies) String() string { return "replies" }

// Lanes implements pipeline.Source.
func (*Replies) Lanes() int { return 1 }

// Start implements pipeline.Source.
func (*Replies) Start(func(wake func()) *pipeline.Inlet[stage.Segment]) error { return errNoLoop }

// Pending implements pipeline.Return.
func (*Replies) Pending() int { return 0 }

// Stop implements pipeline.Source.
func (*Replies) Stop(context.Context) {}

// Close implements pipeline.Source.
func (*Replies) Close(context.Context) (lost pipeline.Lost) { return lost }
