package raw

import (
	"errors"

	"github.com/leat-io/leat/internal/flowfilter"
	"github.com/leat-io/leat/sources/udp"
)

// PacketRingWithoutRule is PacketRing on a kernel that has no rules on interfaces.
func PacketRingWithoutRule(iface string) udp.Option {
	s := newSettings(iface, nil)
	return udp.Use(newEngine(s, &ring{settings: s, rule: func(int, flowfilter.Match) (*flowfilter.Drop, error) {
		return nil, errors.ErrUnsupported
	}}))
}
