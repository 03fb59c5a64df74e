package discovery

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// resolvConf is where a system has its name servers.
const resolvConf = "/etc/resolv.conf"

// serverAddress is the address of a name server, with a port.
func serverAddress(s string) (string, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return net.JoinHostPort(a.String(), "53"), nil
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.String(), nil
	}
	return "", fmt.Errorf("the name server %q is no address, with or without a port", s)
}

// ways are the servers to ask, and the names to ask them for one after the other until one exists.
func (r *resolver) ways() (servers, names []string, err error) {
	if len(r.Servers) > 0 {
		return r.Servers, []string{dns.Fqdn(r.name)}, nil
	}
	c, err := dns.ClientConfigFromFile(r.conf) // each time, because it changes with the network
	if err != nil {
		return nil, nil, err
	}
	for _, s := range c.Servers[:min(len(c.Servers), mostServers)] {
		server, err := serverAddress(s)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", r.conf, err)
		}
		servers = append(servers, server)
	}
	if len(servers) == 0 {
		return nil, nil, fmt.Errorf("%s names no server", r.conf)
	}
	for _, n := range c.NameList(r.name) {
		if _, ok := dns.IsDomainName(n); ok {
			names = append(names, n)
		}
	}
	return servers, names, nil
}
