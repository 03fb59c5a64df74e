package tlsio

import (
	"crypto/tls"
	"errors"
	"fmt"
)

// ServerConfig says what is wrong with the config of a server, and raises its least version to 1.2 where that is open.
func ServerConfig(c *tls.Config) (*tls.Config, error) {
	switch {
	case c == nil:
		return nil, errors.New("there is no config of TLS")
	case len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil:
		return nil, errors.New("the config of TLS has no certificate: set Certificates, GetCertificate or GetConfigForClient")
	case c.ClientAuth >= tls.VerifyClientCertIfGiven && c.ClientCAs == nil && c.GetConfigForClient == nil:
		return nil, errors.New("the config of TLS verifies clients by no authority of its own: set ClientCAs, or every authority of the system counts")
	}
	return modern(c)
}

// ClientConfig does the same for that of a client.
func ClientConfig(c *tls.Config) (*tls.Config, error) {
	if c == nil {
		return nil, errors.New("there is no config of TLS")
	}
	return modern(c)
}

// modern allows no version before 1.2.
func modern(c *tls.Config) (*tls.Config, error) {
	switch {
	case c.MinVersion == 0:
		c = c.Clone()
		c.MinVersion = tls.VersionTLS12
	case c.MinVersion < tls.VersionTLS12:
		return nil, fmt.Errorf("the config of TLS allows %s: the least version is %s", tls.VersionName(c.MinVersion), tls.VersionName(tls.VersionTLS12))
	}
	return c, nil
}
