//go:build !linux

package tcp

import (
	"context"
	"fmt"
	"runtime"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// dealing is what Linux has.
type dealing struct{}

func newDealing(*Source) (*dealing, error) {
	return &dealing{}, fmt.Errorf("tcp.Accept needs the loops of epoll, which only Linux has and not %s", runtime.GOOS)
}

func (*dealing) String() string               { return "none" }
func (*dealing) lanes() int                   { return 1 }
func (*dealing) gauges() []pipeline.Gauge     { return nil }
func (*dealing) validate() error              { return nil }
func (*dealing) services() []pipeline.Service { return nil }
func (*dealing) stop(context.Context)         {}
func (*dealing) liveness() func() bool        { return func() bool { return true } }

func (*dealing) start(func(wake func()) *pipeline.Inlet[stage.Accepted]) error { return nil }
func (*dealing) shut(context.Context) (lost pipeline.Lost)                     { return lost }
