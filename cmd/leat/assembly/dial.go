package assembly

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/leat-io/leat/internal/endpoint"
)

// Dial connects to host:port or unix:path.
type Dial func(ctx context.Context, address string) (net.Conn, error)

// Dialer is what connects to the addresses, with TLS if that is on, or what is wrong with them.
func (s *ServerTLS) Dialer(addresses ...string) (Dial, error) {
	if err := s.ValidateFor(addresses...); err != nil {
		return nil, err
	}
	if s.Mode == "off" {
		return func(ctx context.Context, address string) (net.Conn, error) {
			network, addr, err := endpoint.Of(address)
			if err != nil {
				return nil, err
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}, nil
	}
	shared, err := s.config()
	if err != nil {
		return nil, err
	}
	shared.ClientSessionCache = tls.NewLRUClientSessionCache(0) // by the name of the server
	return func(ctx context.Context, address string) (net.Conn, error) {
		network, addr, err := endpoint.Of(address)
		if err != nil {
			return nil, err
		}
		d := tls.Dialer{Config: shared} // which takes the host of the address for the name where there is none
		return d.DialContext(ctx, network, addr)
	}, nil
}

// ValidateFor says what is wrong with s for servers of the addresses, and with those.
func (s *ServerTLS) ValidateFor(addresses ...string) error {
	for _, a := range addresses {
		if _, _, err := endpoint.Of(a); err != nil {
			return err
		}
	}
	return s.validateFor(addresses)
}
