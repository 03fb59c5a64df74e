package discovery

import (
	"context"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

// An answer is what there is of one name and type.
type answer struct {
	records []dns.RR      // of the type; none if there are none, or no such name
	ttl     time.Duration // how long it holds, as the servers say
}

// forever is longer than any TTL.
const forever = 1 << 31 * time.Second

// mostAliases is how many CNAME records are followed.
const mostAliases = 8

// resolve asks for a name and for what it is an alias of.
func (s *lookups) resolve(ctx context.Context, servers []string, name string, kind uint16) (answer, error) {
	ttl := forever
	for links, at := 0, name; ; {
		m, err := s.ask(ctx, servers, at, kind)
		if err != nil {
			return answer{}, err
		}
		end := follow(m, at, &ttl, &links)
		a := answer{ttl: ttl}
		for _, r := range m.Answer {
			if h := r.Header(); h.Rrtype == kind && dns.CanonicalName(h.Name) == dns.CanonicalName(end) {
				a.records = append(a.records, r)
				a.ttl = min(a.ttl, seconds(h.Ttl))
			}
		}
		switch {
		case len(a.records) > 0:
			return a, nil
		case links > mostAliases:
			return answer{}, fmt.Errorf("%s is an alias of an alias, and so on, more than %d times", name, mostAliases)
		case end == at || m.Rcode == dns.RcodeNameError: // and not an alias that the server does not follow
			a.ttl = min(a.ttl, negativeTTL(m))
			return a, nil
		}
		at = end
	}
}

// follow goes along the aliases of a message, as far as there are some. It counts them, and lowers the TTL to theirs.
func follow(m *dns.Msg, name string, ttl *time.Duration, links *int) string {
	for *links <= mostAliases {
		next := ""
		for _, r := range m.Answer {
			if c, ok := r.(*dns.CNAME); ok && dns.CanonicalName(c.Hdr.Name) == dns.CanonicalName(name) {
				next = c.Target
				*ttl = min(*ttl, seconds(c.Hdr.Ttl))
			}
		}
		if next == "" {
			break
		}
		name = next
		*links++
	}
	return name
}

// negativeTTL is how long it holds that there is nothing: the lesser of the TTL and the MINIMUM of the SOA record, and not at all
// without one (RFC 2308, section 5).
func negativeTTL(m *dns.Msg) time.Duration {
	for _, r := range m.Ns {
		if soa, ok := r.(*dns.SOA); ok {
			return seconds(min(soa.Hdr.Ttl, soa.Minttl))
		}
	}
	return 0
}

// seconds is a TTL. One with the highest bit set stands for 0 (RFC 2181, section 8).
func seconds(ttl uint32) time.Duration {
	if ttl > 1<<31-1 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}
