package assembly

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/leat-io/leat/internal/endpoint"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp/tlsconf"
)

// ServerTLS says how TLS is spoken with servers.
type ServerTLS struct {
	Mode string // one of ServerTLSModes
	CA   string // file of their authorities; those of the system when empty
	Name string // that their certificates must have; the host of the address when empty
	Cert string // file of the proxy's own certificate, if it has one
	Key  string // file of its key
}

// ServerTLSModes are the words that Mode understands.
var ServerTLSModes = []string{"off", "on"}

func (s *ServerTLS) validate(servers Names) error {
	var addresses []string
	for _, of := range servers {
		for _, server := range of.Servers {
			addresses = append(addresses, server.Address)
		}
	}
	return s.validateFor(addresses)
}

func (s *ServerTLS) validateFor(addresses []string) error {
	if err := word("way to speak TLS with servers", s.Mode, ServerTLSModes); err != nil {
		return err
	}
	switch {
	case s.Mode == "off" && (s.CA != "" || s.Name != "" || s.Cert != "" || s.Key != ""):
		return errors.New("servers are not spoken to in TLS: add --server-tls on, or leave out --server-ca, --server-name, --server-cert and --server-key")
	case s.Mode == "off":
		return nil
	case (s.Cert == "") != (s.Key == ""):
		return errors.New("the certificate that servers are shown needs its key: give --server-cert and --server-key")
	}
	for _, a := range addresses {
		if s.Name == "" && strings.HasPrefix(a, "unix:") {
			return fmt.Errorf("the address %s does not say which name the certificate of its server must have: give --server-name", a)
		}
	}
	_, err := s.config()
	return err
}

// config reads the files.
func (s *ServerTLS) config() (*tls.Config, error) {
	c, err := tlsconf.Client{Name: s.Name, CA: s.CA, Pair: tlsconf.Pair{Cert: s.Cert, Key: s.Key}}.Config()
	if err != nil {
		return nil, fmt.Errorf("TLS with servers: %w", err)
	}
	c.ClientSessionCache = nil // the tunnel has one for each server
	return c, nil
}

// A Mirroring says who hears what clients send.
type Mirroring struct {
	To    string  // address; nobody when empty
	Share float64 // of the connections
}

func (m *Mirroring) validate() error {
	switch {
	case m.To == "" && m.Share != 1:
		return errors.New("there is no mirror for a share of the connections: give its address to --mirror")
	case !(m.Share > 0 && m.Share <= 1):
		return fmt.Errorf("the share of connections that are mirrored must be more than 0 and at most 1, not %v", m.Share)
	case m.To == "":
		return nil
	}
	if _, _, err := endpoint.Of(m.To); err != nil {
		return fmt.Errorf("the mirror: %w", err)
	}
	return nil
}

// secure are the options of the sink for TLS and for a mirror, and the certificates that clients are shown, nil without TLS.
func (c *Tunnel) secure() (opts []sinks.TunnelOption, live *tlsconf.Live, err error) {
	if c.TLS.Enabled() {
		if live, err = c.TLS.Open(); err != nil {
			return nil, nil, err
		}
		opts = append(opts, sinks.Terminate(live.Config()))
	}
	if c.ServerTLS.Mode == "on" {
		config, err := c.ServerTLS.config()
		if err != nil {
			return nil, nil, err
		}
		opts = append(opts, sinks.Originate(config))
	}
	if c.Mirror.To != "" {
		opts = append(opts, sinks.Mirror(sinks.Fixed(c.Mirror.To), c.Mirror.Share))
	}
	return opts, live, nil
}
