package discovery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/miekg/dns"

	"github.com/leat-io/leat/pool/balance"
)

// DNS is a source whose backends are all addresses of a name, A and AAAA, at one port: "cache.example.org:6379". Aliases are
// followed. A backend is named by its address, so it keeps its connections as long as the name has it.
func DNS(address string, o DNSOptions) (Source, error) {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("discovery: %q is not name:port: %w", address, err)
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil || port == 0 {
		return nil, fmt.Errorf("discovery: the port of %q is not a number from 1 to 65535", address)
	}
	r, err := newResolver("dns "+address, host, o)
	if err != nil {
		return nil, err
	}
	r.find = func(ctx context.Context, servers, names []string) ([]balance.Backend, bool, error) {
		all, known, err := r.addresses(ctx, servers, names)
		list := make([]balance.Backend, 0, len(all))
		for _, a := range all {
			list = append(list, backend(netip.AddrPortFrom(a, uint16(port)), 1))
		}
		return list, known, err
	}
	return r, nil
}

// backend is the one at an address.
func backend(at netip.AddrPort, weight float64) balance.Backend {
	return balance.Backend{Name: at.String(), Address: at.String(), Weight: weight}
}

// A resolver is a source that asks name servers.
type resolver struct {
	lookups
	what     string
	name     string
	conf     string            // the file that names the servers where the options do not
	reported []balance.Backend // last

	// find looks for the backends. The list is to be gone by if it is known, even where there is an error.
	find func(ctx context.Context, servers, names []string) (list []balance.Backend, known bool, err error)
}

func newResolver(what, name string, o DNSOptions) (*resolver, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("discovery: %s: %w", what, err)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return nil, fmt.Errorf("discovery: %q is an address, which needs no name server: use Static", name)
	}
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return nil, fmt.Errorf("discovery: %q is no name of a domain", name)
	}
	return &resolver{lookups: lookups{DNSOptions: o, exchange: exchange, memories: map[question]*memory{}}, what: what, name: name, conf: resolvConf}, nil
}

func (r *resolver) String() string { return r.what }

// Run implements Source.
func (r *resolver) Run(ctx context.Context, found func([]balance.Backend, error)) error {
	for {
		next := r.once(ctx, found)
		select {
		case <-time.After(time.Until(next)):
		case <-ctx.Done():
			return nil
		}
	}
}

// once looks for the backends, and says when to look again.
func (r *resolver) once(ctx context.Context, found func([]balance.Backend, error)) (next time.Time) {
	servers, names, err := r.ways()
	if err != nil {
		found(nil, err)
		return time.Now().Add(r.MinRefresh)
	}
	r.begin()
	list, known, err := r.find(ctx, servers, names)
	next = r.end()
	if ctx.Err() != nil {
		return next
	}
	if known && (err == nil || !slices.Equal(list, r.reported)) {
		r.reported = slices.Clone(list)
		found(list, nil)
	}
	if err != nil {
		found(nil, err)
	}
	return next
}

// addresses are those of the first of the names that has any, in their order.
func (r *resolver) addresses(ctx context.Context, servers, names []string) (all []netip.Addr, known bool, err error) {
	known = true
	for _, name := range names {
		for _, kind := range r.kinds() {
			records, k, e := r.look(ctx, servers, name, kind)
			all = append(all, addressesOf(records)...)
			known = known && k
			if err == nil {
				err = e
			}
		}
		if len(all) > 0 || err != nil {
			break
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all), known || len(all) > 0, err
}

// addressesOf are those in records of A and AAAA.
func addressesOf(records []dns.RR) (all []netip.Addr) {
	for _, r := range records {
		var a netip.Addr
		switch r := r.(type) {
		case *dns.A:
			a, _ = netip.AddrFromSlice(r.A)
		case *dns.AAAA:
			a, _ = netip.AddrFromSlice(r.AAAA)
		}
		if a.IsValid() {
			all = append(all, a.Unmap())
		}
	}
	return all
}

// kinds are the types of records that have the addresses that are wanted.
func (r *resolver) kinds() []uint16 {
	switch r.Network {
	case "ip4":
		return []uint16{dns.TypeA}
	case "ip6":
		return []uint16{dns.TypeAAAA}
	}
	return []uint16{dns.TypeA, dns.TypeAAAA}
}
