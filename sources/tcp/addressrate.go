package tcp

import (
	"fmt"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/pipeline"
)

// AcceptRatePerAddress is the most connections a second from one IPv4 address, or from one IPv6 network of 64 bits, after burst at
// once; more are closed at once and counted. The default is no such limit. 65 536 addresses are remembered; those that have been
// quiet for long enough to have their burst again need not be. Peers of unix sockets have no address.
func AcceptRatePerAddress(perSecond float64, burst int) Option {
	return func(s *Source) { s.table.Rate, s.badRate = peers.NewRate(perSecond, burst) }
}

// rateGauges show the rate of one address.
func (s *Source) rateGauges() []pipeline.Gauge {
	r := s.table.Rate
	if r == nil {
		return nil
	}
	return []pipeline.Gauge{{Name: "accept rate of one address", Value: fmt.Sprintf("%v/s, burst %d", r.PerSecond, r.Burst)}}
}
