//go:build !linux

package raw

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
)

// missing is an engine that this system does not have.
type missing struct {
	settings
	what string
}

func packetRing(s settings) udp.Engine { return missing{s, "a ring of packets"} }
func xdpSockets(s settings) udp.Engine { return missing{s, "AF_XDP"} }

func (m missing) Open(*udp.Opening) error {
	return fmt.Errorf("%s on interface %s is not available on %s: %w", m.what, m.iface, runtime.GOOS, errors.ErrUnsupported)
}

func (m missing) String() string         { return m.what + " on " + m.iface }
func (missing) Receive(*udp.Lane)        {}
func (missing) Wake(int)                 {}
func (missing) Waits() bool              { return false }
func (missing) Gauges() []pipeline.Gauge { return nil }
func (missing) Close()                   {}
