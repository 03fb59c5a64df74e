package discovery

import (
	"fmt"
	"time"
)

// DNSOptions say how names are resolved. A field that is zero means its default.
type DNSOptions struct {
	// Servers are the name servers, as addresses with or without a port, in the order in which they are tried; those of
	// /etc/resolv.conf, with its search list and ndots. A name is taken as it is where Servers are given.
	Servers []string
	Network string // "ip4" or "ip6" for one kind of addresses; both, "ip"

	Timeout  time.Duration // for an answer of one server; 2 s
	Attempts int           // rounds through the servers before a question has failed; 2

	// An answer holds as long as its TTL says, and as the SOA record says when there is none (RFC 2308), within these bounds and up
	// to a tenth longer, so that many processes do not ask at once. After a failure it is asked again after MinRefresh, then twice
	// that, and so on.
	MinRefresh time.Duration // 1 s
	MaxRefresh time.Duration // 5 min

	StaleFor  time.Duration // how long what was found last holds while servers fail (RFC 8767); 24 h, and for ever if negative
	GoneAfter int           // how often in a row a name that had records must have none before it is believed; 3
}

// Defaults of DNSOptions.
const (
	defaultTimeout    = 2 * time.Second
	defaultAttempts   = 2
	defaultMinRefresh = time.Second
	defaultMaxRefresh = 5 * time.Minute
	defaultStaleFor   = 24 * time.Hour
	defaultGoneAfter  = 3

	leastRefresh = time.Millisecond
	mostServers  = 8
	mostAttempts = 10
)

// withDefaults fills in what is zero, and says what is wrong.
func (o DNSOptions) withDefaults() (DNSOptions, error) {
	for _, d := range []struct {
		at   *time.Duration
		what time.Duration
	}{{&o.Timeout, defaultTimeout}, {&o.MinRefresh, defaultMinRefresh}, {&o.MaxRefresh, max(defaultMaxRefresh, o.MinRefresh)}, {&o.StaleFor, defaultStaleFor}} {
		if *d.at == 0 {
			*d.at = d.what
		}
	}
	if o.Network == "" {
		o.Network = "ip"
	}
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
	}
	if o.GoneAfter == 0 {
		o.GoneAfter = defaultGoneAfter
	}
	switch {
	case o.Network != "ip" && o.Network != "ip4" && o.Network != "ip6":
		return o, fmt.Errorf("the network is ip, ip4 or ip6, not %q", o.Network)
	case o.Timeout < 0 || o.Attempts < 0 || o.Attempts > mostAttempts:
		return o, fmt.Errorf("a timeout is above 0 and attempts are 1 to %d, not %v and %d", mostAttempts, o.Timeout, o.Attempts)
	case o.MinRefresh < leastRefresh || o.MaxRefresh < o.MinRefresh:
		return o, fmt.Errorf("an answer is asked for again after %v at the least, and MaxRefresh is not below MinRefresh, as %v and %v", leastRefresh, o.MinRefresh, o.MaxRefresh)
	case o.GoneAfter < 0:
		return o, fmt.Errorf("a name is gone after 1 answer at the least, not %d", o.GoneAfter)
	case len(o.Servers) > mostServers:
		return o, fmt.Errorf("%d name servers are more than %d", len(o.Servers), mostServers)
	}
	for i, s := range o.Servers {
		server, err := serverAddress(s)
		if err != nil {
			return o, err
		}
		if i == 0 {
			o.Servers = append([]string(nil), o.Servers...)
		}
		o.Servers[i] = server
	}
	return o, nil
}
