package discovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/leat-io/leat/pool/discovery"
)

// A zone answers questions in the place of name servers.
type zone struct {
	mu      sync.Mutex
	records []string                     // as in the file of a zone
	rcode   map[string]int               // by server, and "" for all
	silent  map[string]bool              // by server, and by "server type"
	short   bool                         // answers over UDP are truncated
	asked   []string                     // "server network type name" of each question
	edit    func(a *dns.Msg, net string) // what is done to an answer
}

func (z *zone) set(f func(z *zone)) {
	z.mu.Lock()
	defer z.mu.Unlock()
	f(z)
}

// questions returns those that were asked since the last call.
func (z *zone) questions() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	all := z.asked
	z.asked = nil
	return all
}

// answer is what a server says to q, or nil if it is silent.
func (z *zone) answer(q *dns.Msg, server, network string) *dns.Msg {
	z.mu.Lock()
	defer z.mu.Unlock()
	kind, name := dns.TypeToString[q.Question[0].Qtype], q.Question[0].Name
	z.asked = append(z.asked, fmt.Sprintf("%s %s %s %s", server, network, kind, name))
	if z.silent[server] || z.silent[server+" "+kind] {
		return nil
	}
	a := new(dns.Msg).SetReply(q)
	code, ok := z.rcode[server]
	if !ok {
		code = z.rcode[""]
	}
	if code != dns.RcodeSuccess {
		a.Rcode = code
		return a
	}
	z.fill(a, name, q.Question[0].Qtype)
	if z.short && network == "udp" {
		a.Truncated, a.Answer = true, a.Answer[:0]
	}
	if z.edit != nil {
		z.edit(a, network)
	}
	return a
}

// fill puts into an answer what there is of a name, and of what it is an alias of.
func (z *zone) fill(a *dns.Msg, name string, kind uint16) {
	exists := false
	for _, text := range z.records {
		r, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		h := r.Header()
		switch {
		case h.Rrtype == dns.TypeSOA:
			a.Ns = append(a.Ns, r)
		case dns.CanonicalName(h.Name) != dns.CanonicalName(name):
		case h.Rrtype == kind:
			a.Answer = append(a.Answer, r)
			exists = true
		default:
			exists = true
			if c, ok := r.(*dns.CNAME); ok && len(a.Answer) < 20 {
				a.Answer = append(a.Answer, r)
				z.fill(a, c.Target, kind)
				return
			}
		}
	}
	if !exists {
		a.Rcode = dns.RcodeNameError
	}
	if len(a.Answer) > 0 {
		a.Ns = nil
	}
}

// exchange is the zone as the network would be, for tests in virtual time: an answer takes 10 ms.
func (z *zone) exchange(ctx context.Context, q *dns.Msg, server, network string, timeout time.Duration) (*dns.Msg, error) {
	wait := 10 * time.Millisecond
	a := z.answer(q, server, network)
	if a == nil {
		wait = timeout
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a == nil {
		return nil, errors.New("i/o timeout")
	}
	return a, nil
}

const (
	first, second = "192.0.2.53:53", "192.0.2.54:53"
	soa           = "example.org. 60 IN SOA ns. admin. 1 2 3 4 20" // negative answers hold for 20 s
)

// quick are options under which nothing is asked for again in less than a second.
func quick() discovery.DNSOptions {
	return discovery.DNSOptions{Servers: []string{"192.0.2.53", "192.0.2.54"}}
}

// asking is a source of a zone.
func asking(t *testing.T, z *zone, make func(string, discovery.DNSOptions) (discovery.Source, error), name string, o discovery.DNSOptions) discovery.Source {
	t.Helper()
	s, err := make(name, o)
	if err != nil {
		t.Fatal(err)
	}
	discovery.Asking(s, z.exchange)
	return s
}

// is fails unless the last list is that.
func is(t *testing.T, r *recorder, want string) {
	t.Helper()
	if got, n := r.last(); got != want || n == 0 {
		t.Errorf("%q was found, in %d lists, not %q", got, n, want)
	}
}

// asks fails unless these questions were asked, and no others.
func asks(t *testing.T, z *zone, want ...string) {
	t.Helper()
	if got := z.questions(); !slices.Equal(got, want) {
		t.Errorf("the questions were %q, not %q", got, want)
	}
}
