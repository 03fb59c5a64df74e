package sinks

import (
	"time"

	"github.com/leat-io/leat/internal/endpoint"
	"github.com/leat-io/leat/stage"
)

// Fixed is an upstream of one address, host:port or unix:path, for those who have nothing to choose.
func Fixed(address string) stage.Upstream { return fixed(address) }

type fixed string

// Route implements stage.Upstream. Where there is one address, the one that failed is tried again.
func (f fixed) Route(*stage.Accepted, stage.Route) (stage.Route, error) { return f, nil }

func (f fixed) Name() string          { return string(f) }
func (f fixed) Address() string       { return string(f) }
func (fixed) Connected(time.Duration) {}
func (fixed) Failed(error)            {}
func (fixed) Ended()                  {}

// validate says what is wrong with the address.
func (f fixed) validate() error {
	_, _, err := endpoint.Of(string(f))
	return err
}
