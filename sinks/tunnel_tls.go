package sinks

import (
	"crypto/tls"
	"fmt"

	"github.com/leat-io/leat/internal/tlsio"
)

// Secured is what a tunnel was told of TLS on one side.
type secured struct {
	wanted bool
	config *tls.Config
}

// Terminate has clients speak TLS, 1.2 or later, which ends here: the backend is sent the bytes inside, encrypted anew with
// [Originate]. The config must have a certificate or a way to get one: package tlsconf makes such, from files that can be reloaded. It
// must not be changed any more.
//
// A backend is chosen when the handshake has succeeded, so a client that stalls costs none. Where the source has not looked into the
// client's hello, Hello of the [stage.Accepted] that the upstream is given has the server name of the handshake and the protocol that was
// agreed on. What the source has read ahead, First, is the beginning of the handshake.
//
// The end of the client's stream is its close_notify. A stream that ends without may have been cut off by others, and is
// passed on as a reset.
func Terminate(config *tls.Config) TunnelOption {
	return func(o *tunnelOptions) { o.tls[client] = secured{true, config} }
}

// Originate speaks TLS, 1.2 or later, with backends. Their certificates must have the ServerName of the config or, where that is empty, the
// host of their address. A handshake that fails or takes too long is a connect that failed: the route is told, and another one is tried.
// Sessions are resumed, for each backend on each loop, unless the config has a cache of its own. It must not be changed any more.
func Originate(config *tls.Config) TunnelOption {
	return func(o *tunnelOptions) { o.tls[server] = secured{true, config} }
}

// validateTLS says what is wrong with the configs.
func (o *tunnelOptions) validateTLS() (err error) {
	check := [2]func(*tls.Config) (*tls.Config, error){client: tlsio.ServerConfig, server: tlsio.ClientConfig}
	name := [2]string{client: "Terminate", server: "Originate"}
	for side := range o.tls {
		s := &o.tls[side]
		if !s.wanted {
			continue
		}
		if s.config, err = check[side](s.config); err != nil {
			return fmt.Errorf("%s: %w", name[side], err)
		}
		if o.limits.Handshakes < 1 {
			return fmt.Errorf("%s needs at least 1 handshake at a time, not %d", name[side], o.limits.Handshakes)
		}
	}
	return nil
}
