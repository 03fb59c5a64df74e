package sinks

import (
	"errors"
	"fmt"

	"github.com/leat-io/leat/stage"
)

// mostMirrored is how many bytes may wait for a mirror.
const mostMirrored = 256 << 10

// Mirrored is what a tunnel was told of mirrors.
type mirrored struct {
	wanted bool
	up     stage.Upstream
	share  float64
}

// Mirror sends what clients send to a second backend as well, which up picks, and throws its answers away. With [Terminate] that are the
// bytes inside. Only a share of the connections is mirrored, more than 0 and at most 1, by chance.
//
// A mirror never holds up its tunnel. One for which more than 256 KiB wait, or all mirrors of a loop more than Held of [TunnelLimits], is reset,
// because a stream with holes is of no use, and so is one whose client does not end its stream in order; the gauges say how many and why. One
// that takes all may outlive its tunnel, until it has answered, or a limit of tunnels or the end of its source ends it. It costs a third
// descriptor, and its tunnel cannot splice what the client sends.
func Mirror(up stage.Upstream, share float64) TunnelOption {
	return func(o *tunnelOptions) { o.mirror = mirrored{true, up, share} }
}

func (m *mirrored) validate() error {
	switch {
	case !m.wanted:
		return nil
	case m.up == nil:
		return errors.New("a mirror needs an upstream, for example a pool or sinks.Fixed")
	case !(m.share > 0 && m.share <= 1):
		return fmt.Errorf("the share of connections that are mirrored must be more than 0 and at most 1, not %v", m.share)
	}
	return validateUpstream(m.up)
}

// validateUpstream says what is wrong with an upstream that can tell.
func validateUpstream(up stage.Upstream) error {
	if v, ok := up.(interface{ validate() error }); ok {
		return v.validate()
	}
	return nil
}
