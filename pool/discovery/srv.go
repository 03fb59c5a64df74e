package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"github.com/leat-io/leat/pool/balance"
)

// mostTargets is how many servers one name may have.
const mostTargets = 256

// weightless is what a target of weight 0 counts for beside others: they "should have a very small chance" (RFC 2782).
const weightless = .1

// SRV is a source whose backends are the addresses and ports that the SRV records of a name lead to: "_redis._tcp.example.org"
// (RFC 2782). Of the priorities it takes the first that has an address, and leaves the others alone: whether a backend serves is
// not for the name server to say. The weight of a target is shared by its addresses.
func SRV(name string, o DNSOptions) (Source, error) {
	r, err := newResolver("srv "+name, name, o)
	if err != nil {
		return nil, err
	}
	r.find = r.service
	return r, nil
}

// service is the backends of the first of the names that has SRV records.
func (r *resolver) service(ctx context.Context, servers, names []string) (list []balance.Backend, known bool, err error) {
	known = true
	for _, name := range names {
		records, k, e := r.look(ctx, servers, name, dns.TypeSRV)
		known, err = known && k, e
		if len(records) > 0 {
			list, k, e := r.targets(ctx, servers, targetsOf(records))
			return list, k, cmp.Or(err, e)
		}
		if err != nil {
			break
		}
	}
	return list, known, err
}

// targetsOf are the records by their priority. That of the root says that there is no such service.
func targetsOf(records []dns.RR) (all []*dns.SRV) {
	for _, r := range records {
		if s, ok := r.(*dns.SRV); ok && s.Target != "." {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *dns.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Port, b.Port))
	})
	return all
}

// targets are the backends of the first priority that has any.
func (r *resolver) targets(ctx context.Context, servers []string, all []*dns.SRV) (list []balance.Backend, known bool, err error) {
	if len(all) > mostTargets {
		return nil, false, fmt.Errorf("SRV %s: %d targets are more than %d", r.name, len(all), mostTargets)
	}
	known = true
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(s *dns.SRV) bool { return s.Priority != all[0].Priority })
		if n < 0 {
			n = len(all)
		}
		weights := map[netip.AddrPort]float64{}
		for _, s := range all[:n] {
			addresses, k, e := r.addresses(ctx, servers, []string{s.Target})
			known = known && k
			err = cmp.Or(err, e)
			if len(addresses) == 0 && e == nil {
				err = cmp.Or(err, errors.New("the target "+s.Target+" of "+r.name+" has no address"))
			}
			for _, a := range addresses {
				weights[netip.AddrPortFrom(a, s.Port)] += weightOf(s, all[:n]) / float64(len(addresses))
			}
		}
		if len(weights) > 0 {
			return backends(weights), true, err
		}
		all = all[n:]
	}
	return nil, known, err
}

// weightOf is that of a target beside the others of its priority.
func weightOf(s *dns.SRV, all []*dns.SRV) float64 {
	switch {
	case s.Weight > 0:
		return float64(s.Weight)
	case slices.ContainsFunc(all, func(s *dns.SRV) bool { return s.Weight > 0 }):
		return weightless
	}
	return 1
}

// backends are those at some addresses, in the order of these.
func backends(weights map[netip.AddrPort]float64) []balance.Backend {
	list := make([]balance.Backend, 0, len(weights))
	for at, w := range weights {
		list = append(list, backend(at, w))
	}
	slices.SortFunc(list, func(a, b balance.Backend) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
