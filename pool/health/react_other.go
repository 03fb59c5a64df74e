//go:build !linux

package health

import (
	"context"
	"time"
)

// Only Linux has a reactor.
type (
	wire    struct{}
	station struct{}
)

func (m *Monitor) react(context.Context) bool                 { return false }
func (m *Monitor) call(*probe, time.Time, bool) (called bool) { return false }
func (m *Monitor) hangUp(*probe)                              {}
func (m *Monitor) listen()                                    {}
