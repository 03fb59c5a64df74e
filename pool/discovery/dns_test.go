package discovery_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/leat-io/leat/pool/discovery"
)

// resolving runs f while the addresses of a name are followed.
func resolving(t *testing.T, z *zone, o discovery.DNSOptions, f func(t *testing.T, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, end := run(t, asking(t, z, discovery.DNS, "cache.example.org:80", o))
		defer end()
		time.Sleep(100 * time.Millisecond)
		f(t, r)
	})
}

func TestAllAddressesOfANameAreBackends(t *testing.T) {
	z := &zone{records: []string{
		"cache.example.org. 30 IN A 192.0.2.2", "cache.example.org. 30 IN A 192.0.2.1", "cache.example.org. 30 IN A 192.0.2.1", "cache.example.org. 30 IN AAAA 2001:db8::1", "cache.example.org. 30 IN AAAA ::ffff:192.0.2.2",
	}}
	resolving(t, z, quick(), func(t *testing.T, r *recorder) {
		is(t, r, "192.0.2.1:80 192.0.2.2:80 [2001:db8::1]:80")
		asks(t, z, first+" udp A cache.example.org.", first+" udp AAAA cache.example.org.")
	})
	for network, want := range map[string]string{"ip4": "192.0.2.1:80 192.0.2.2:80", "ip6": "192.0.2.2:80 [2001:db8::1]:80"} {
		o := quick()
		o.Network = network
		resolving(t, z, o, func(t *testing.T, r *recorder) { is(t, r, want) })
	}
}

func TestANameIsAskedForAgainWhenItsTTLHasPassed(t *testing.T) {
	z := &zone{records: []string{"cache.example.org. 30 IN A 192.0.2.1", soa}}
	resolving(t, z, quick(), func(t *testing.T, r *recorder) {
		z.questions()
		z.set(func(z *zone) {
			z.records = []string{"cache.example.org. 5 IN A 192.0.2.2", "cache.example.org. 900 IN A 192.0.2.3", "cache.example.org. 900 IN AAAA 2001:db8::1"}
		})
		time.Sleep(19 * time.Second)
		asks(t, z)
		time.Sleep(4 * time.Second) // 20 s and a tenth of it have passed
		asks(t, z, first+" udp AAAA cache.example.org.")
		is(t, r, "192.0.2.1:80 [2001:db8::1]:80")
		time.Sleep(6500 * time.Millisecond)
		asks(t, z)
		time.Sleep(4 * time.Second) // 30 s
		asks(t, z, first+" udp A cache.example.org.")
		is(t, r, "192.0.2.2:80 192.0.2.3:80 [2001:db8::1]:80")
		time.Sleep(6 * time.Second) // the lesser TTL holds
		asks(t, z, first+" udp A cache.example.org.")
		time.Sleep(320 * time.Second)
		if n := len(slices.DeleteFunc(z.questions(), func(q string) bool { return strings.Contains(q, " A ") })); n != 1 {
			t.Errorf("what holds for 15 minutes was asked for %d times in the 5 of MaxRefresh and a tenth", n)
		}
	})
}

func TestTTLsAreBounded(t *testing.T) {
	o := quick()
	o.Network, o.MinRefresh, o.MaxRefresh = "ip4", 10*time.Second, time.Minute
	for _, ttl := range []string{"0", "1", "2147483647", "4294967295"} {
		z := &zone{records: []string{"cache.example.org. " + ttl + " IN A 192.0.2.1"}}
		resolving(t, z, o, func(t *testing.T, r *recorder) {
			time.Sleep(111 * time.Second)
			n := len(z.questions())
			if long := ttl == "2147483647"; long && n != 2 || !long && n != 11 && n != 12 {
				t.Errorf("with a TTL of %s it was asked for %d times", ttl, n)
			}
		})
	}
}

func TestAliasesAreFollowed(t *testing.T) {
	z := &zone{records: []string{"cache.example.org. 7 IN CNAME A.example.org.", "a.EXAMPLE.org. 30 IN CNAME b.example.org.", "b.example.org. 30 IN A 192.0.2.1", "c.example.org. 30 IN A 192.0.2.9"}}
	o := quick()
	o.Network = "ip4"
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		is(t, r, "192.0.2.1:80")
		z.questions()
		time.Sleep(8 * time.Second) // that of the alias is the least
		asks(t, z, first+" udp A cache.example.org.")
	})
	z.edit = func(a *dns.Msg, _ string) { a.Answer = a.Answer[:1] } // by servers that answer for their own zone alone
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		is(t, r, "192.0.2.1:80")
		asks(t, z, first+" udp A cache.example.org.", first+" udp A A.example.org.", first+" udp A b.example.org.")
	})
	z.edit = func(a *dns.Msg, _ string) { // records of other names are nobody's
		extra, _ := dns.NewRR("evil.example.org. 30 IN A 192.0.2.66")
		a.Answer = append(a.Answer, extra)
	}
	resolving(t, z, o, func(t *testing.T, r *recorder) { is(t, r, "192.0.2.1:80") })
	z = &zone{records: []string{"cache.example.org. 7 IN CNAME a.example.org.", "a.example.org. 7 IN CNAME cache.example.org."}}
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		if wrong, _ := r.wrong(); wrong != "cache.example.org. is an alias of an alias, and so on, more than 8 times" {
			t.Errorf("%q", wrong)
		}
	})
}

func TestAnAnswerThatDoesNotFitIsAskedForOverTCP(t *testing.T) {
	z := &zone{records: []string{"cache.example.org. 30 IN A 192.0.2.1"}, short: true}
	o := quick()
	o.Network = "ip4"
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		is(t, r, "192.0.2.1:80")
		asks(t, z, first+" udp A cache.example.org.", first+" tcp A cache.example.org.")
	})
}

func TestTheNextServerIsAskedAndThenAllAgain(t *testing.T) {
	z := &zone{records: []string{"cache.example.org. 30 IN A 192.0.2.1"}, silent: map[string]bool{first: true}}
	o := quick()
	o.Network = "ip4"
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		if _, n := r.last(); n != 0 {
			t.Error("the first server was not waited for")
		}
		time.Sleep(2 * time.Second)
		is(t, r, "192.0.2.1:80")
	})
	z.silent[second] = true
	z.questions()
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		time.Sleep(8 * time.Second)
		question := " udp A cache.example.org."
		asks(t, z, first+question, second+question, first+question, second+question)
		if wrong, _ := r.wrong(); wrong != "A cache.example.org.: the name server "+second+": i/o timeout" {
			t.Errorf("%q", wrong)
		}
	})
	for _, code := range []int{dns.RcodeServerFailure, dns.RcodeRefused} {
		z = &zone{records: z.records, rcode: map[string]int{first: code}}
		resolving(t, z, o, func(t *testing.T, r *recorder) { is(t, r, "192.0.2.1:80") })
	}
	z = &zone{records: z.records, edit: func(a *dns.Msg, _ string) { a.Question[0].Name = "other.example.org." }}
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		if wrong, _ := r.wrong(); !strings.Contains(wrong, "the answer is to another question") {
			t.Errorf("%q", wrong)
		}
	})
}

func TestWhatWasFoundHoldsWhileServersFail(t *testing.T) {
	z := &zone{records: []string{"cache.example.org. 10 IN A 192.0.2.1"}}
	o := quick()
	o.Network, o.StaleFor = "ip4", time.Hour
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		z.questions()
		z.set(func(z *zone) { z.rcode = map[string]int{"": dns.RcodeServerFailure} })
		time.Sleep(10 * time.Minute)
		is(t, r, "192.0.2.1:80")
		if n := len(z.questions()); n < 4*8 || n > 4*12 { // after 1, 2, 4, ... 256 and 300 s
			t.Errorf("%d questions were asked in the 10 minutes", n)
		}
		time.Sleep(57 * time.Minute)
		is(t, r, "")
		z.set(func(z *zone) { z.rcode = nil })
		time.Sleep(6 * time.Minute)
		is(t, r, "192.0.2.1:80")
	})
	o.StaleFor = -1
	resolving(t, z, o, func(t *testing.T, r *recorder) {
		z.set(func(z *zone) { z.rcode = map[string]int{"": dns.RcodeServerFailure} })
		time.Sleep(1000 * time.Hour)
		is(t, r, "192.0.2.1:80")
	})
}

func TestANameThatIsGoneIsBelievedTheThirdTime(t *testing.T) {
	for _, gone := range [][]string{{soa}, {"cache.example.org. 5 IN TXT still-there", soa}} { // NXDOMAIN and NODATA
		z := &zone{records: []string{"cache.example.org. 10 IN A 192.0.2.1", soa}}
		o := quick()
		o.Network = "ip4"
		resolving(t, z, o, func(t *testing.T, r *recorder) {
			z.set(func(z *zone) { z.records = gone })
			time.Sleep(50 * time.Second) // at 10 and 30 s
			is(t, r, "192.0.2.1:80")
			time.Sleep(10 * time.Second) // at 50 s
			is(t, r, "")
			z.set(func(z *zone) { z.records = []string{"cache.example.org. 10 IN A 192.0.2.1"} })
			time.Sleep(22 * time.Second)
			is(t, r, "192.0.2.1:80")
			z.set(func(z *zone) { z.records = gone })
			time.Sleep(30 * time.Second)
			z.set(func(z *zone) { z.records = []string{"cache.example.org. 10 IN A 192.0.2.1"} })
			time.Sleep(25 * time.Second)
			z.set(func(z *zone) { z.records = gone })
			time.Sleep(40 * time.Second)
			is(t, r, "192.0.2.1:80") // they are counted anew
		})
	}
}

func TestANameThatIsNotThereFindsNothing(t *testing.T) {
	z := &zone{records: []string{soa}}
	resolving(t, z, quick(), func(t *testing.T, r *recorder) {
		is(t, r, "")
		if wrong, n := r.wrong(); n > 0 {
			t.Error(wrong)
		}
	})
}

// A server that is silent about one kind of addresses takes none of the others away.
func TestOneKindOfAddressesFailsWithoutTheOther(t *testing.T) {
	z := &zone{records: []string{"cache.example.org. 10 IN A 192.0.2.1"}, silent: map[string]bool{first + " AAAA": true, second + " AAAA": true}}
	resolving(t, z, quick(), func(t *testing.T, r *recorder) {
		time.Sleep(8 * time.Second)
		is(t, r, "192.0.2.1:80")
		if _, n := r.wrong(); n == 0 {
			t.Error("the failure was not told")
		}
	})
	z.set(func(z *zone) { z.silent = map[string]bool{first + " A": true, second + " A": true} })
	resolving(t, z, quick(), func(t *testing.T, r *recorder) {
		time.Sleep(30 * time.Second)
		if _, n := r.last(); n != 0 {
			t.Error("there is no AAAA, and of A nothing is known: that is no empty list")
		}
	})
}

func TestServersAndNamesAreChecked(t *testing.T) {
	good := quick()
	with := func(f func(o *discovery.DNSOptions)) discovery.DNSOptions {
		o := good
		f(&o)
		return o
	}
	for _, c := range []struct {
		address string
		o       discovery.DNSOptions
		want    string
	}{
		{"example.org", good, "is not name:port"},
		{"example.org:0", good, "is not a number from 1 to 65535"},
		{"example.org:http", good, "is not a number"},
		{"192.0.2.1:80", good, "is an address, which needs no name server"},
		{":80", good, "no name of a domain"},
		{strings.Repeat("a", 64) + ":80", good, "no name of a domain"},
		{"a:80", with(func(o *discovery.DNSOptions) { o.Network = "tcp" }), "ip, ip4 or ip6"},
		{"a:80", with(func(o *discovery.DNSOptions) { o.Servers = []string{"localhost"} }), `the name server "localhost" is no address`},
		{"a:80", with(func(o *discovery.DNSOptions) { o.Servers = slices.Repeat(o.Servers, 5) }), "10 name servers are more than 8"},
		{"a:80", with(func(o *discovery.DNSOptions) { o.MinRefresh, o.MaxRefresh = 2, 1 }), "after 1ms at the least"},
		{"a:80", with(func(o *discovery.DNSOptions) { o.Timeout = -1 }), "a timeout is above 0"},
		{"a:80", with(func(o *discovery.DNSOptions) { o.GoneAfter = -1 }), "after 1 answer at the least"},
	} {
		if s, err := discovery.DNS(c.address, c.o); err == nil || !strings.HasPrefix(err.Error(), "discovery: ") || !strings.Contains(err.Error(), c.want) || s != nil {
			t.Errorf("%s: %v, not %q", c.address, err, c.want)
		}
	}
	if s, err := discovery.DNS("a:80", discovery.DNSOptions{Servers: []string{"2001:db8::53", "[::1]:5353"}, MinRefresh: time.Hour}); err != nil || fmt.Sprint(s) != "dns a:80" {
		t.Error(s, err)
	}
}
