package assembly

import (
	"errors"
	"math"

	"github.com/leat-io/leat/sources/tcp"
)

// Admission is how many may come in.
type Admission struct {
	MaxConns             int     // at a time
	MaxPerAddress        int     // at a time of one address, or of an IPv6 network of 64 bits; 0 for no such limit
	AcceptRate           float64 // a second; 0 for no such limit
	AcceptRatePerAddress float64 // a second of one address; 0 for no such limit
}

func (c *Admission) validateAdmission() error {
	return errors.Join(
		within("connections", c.MaxConns, 1, 1<<20),
		within("connections of one address", c.MaxPerAddress, 0, 1<<20),
		within("connections accepted a second", c.AcceptRate, 0, 1e6),
		within("connections accepted a second of one address", c.AcceptRatePerAddress, 0, 1e6),
	)
}

// acceptBurst is how many connections may come at once before the rate of accepting them holds.
const acceptBurst = 128

// addressBurst is that of one address, at least: what a browser opens at once, and a few more.
const addressBurst = 8

// options are what a source is told.
func (c *Admission) admission() []tcp.Option {
	opts := []tcp.Option{tcp.MaxConns(c.MaxConns)}
	if c.MaxPerAddress > 0 {
		opts = append(opts, tcp.MaxConnsPerAddress(c.MaxPerAddress))
	}
	if c.AcceptRate > 0 {
		opts = append(opts, tcp.AcceptRate(c.AcceptRate, acceptBurst))
	}
	if r := c.AcceptRatePerAddress; r > 0 {
		opts = append(opts, tcp.AcceptRatePerAddress(r, max(addressBurst, int(math.Ceil(r)))))
	}
	return opts
}
