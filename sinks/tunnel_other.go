//go:build !linux

package sinks

import (
	"runtime"

	"github.com/leat-io/leat/stage"
)

type tunnels struct{}

func newTunnels(stage.Upstream, tunnelOptions) tunnels { return tunnels{} }

func (tunnels) sink(*stage.Lane) stage.Sink[stage.Accepted] {
	panic("sinks.Tunnel needs epoll and splice, which only Linux has and not " + runtime.GOOS)
}
