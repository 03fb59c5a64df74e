package tlsconf

import "crypto/tls"

// sessions is how many servers a client remembers to resume their sessions.
const sessions = 64

// A Client says how a client connects.
type Client struct {
	Name      string   // that the server's certificate must have, and that it is asked for; empty where who uses the config sets it
	CA        string   // file of the authorities of the server; those of the system when empty
	Pair      Pair     // the client's own certificate, if it has one
	Policy    string   // one of Policies; "" is Intermediate
	Curves    []string // key exchanges, names of Curves; none for those of crypto/tls
	Protocols []string // application protocols by preference (ALPN)
}

// Config reads the files. Connections that share it resume their sessions.
func (c Client) Config() (*tls.Config, error) {
	t := &tls.Config{ServerName: c.Name, NextProtos: c.Protocols, ClientSessionCache: tls.NewLRUClientSessionCache(sessions)}
	if err := apply(t, c.Policy, c.Curves); err != nil {
		return nil, err
	}
	if c.CA != "" {
		roots, err := authorities(c.CA)
		if err != nil {
			return nil, err
		}
		t.RootCAs = roots
	}
	if c.Pair != (Pair{}) {
		cert, _, err := c.Pair.load()
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{cert}
	}
	return t, nil
}
