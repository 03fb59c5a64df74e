package discovery_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/discovery"
)

// configured runs f while the addresses of a name are followed as a file says.
func configured(t *testing.T, z *zone, name, conf string, f func(t *testing.T, path string, r *recorder)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := asking(t, z, discovery.DNS, name+":80", discovery.DNSOptions{})
		discovery.Configured(s, path)
		r, end := run(t, s)
		defer end()
		time.Sleep(500 * time.Millisecond)
		f(t, path, r)
	})
}

func TestTheSearchListAndNdotsAreThoseOfTheSystem(t *testing.T) {
	const conf = "nameserver 192.0.2.53\nsearch one.example two.example\noptions ndots:2\n"
	z := &zone{records: []string{"cache.two.example. 30 IN A 192.0.2.1", "cache. 30 IN A 192.0.2.9", soa}}
	configured(t, z, "cache", conf, func(t *testing.T, _ string, r *recorder) {
		is(t, r, "192.0.2.1:80")
		asks(t, z, first+" udp A cache.one.example.", first+" udp AAAA cache.one.example.", first+" udp A cache.two.example.", first+" udp AAAA cache.two.example.")
	})
	configured(t, z, "cache.", conf, func(t *testing.T, _ string, r *recorder) { // a dot at the end takes it as it is
		is(t, r, "192.0.2.9:80")
		asks(t, z, first+" udp A cache.", first+" udp AAAA cache.")
	})
	z = &zone{records: []string{"a.b.c. 30 IN A 192.0.2.1", "a.b.c.one.example. 30 IN A 192.0.2.9"}}
	configured(t, z, "a.b.c", conf, func(t *testing.T, _ string, r *recorder) { is(t, r, "192.0.2.1:80") })

	// Two kinds of addresses are those of one name.
	z = &zone{records: []string{"cache.one.example. 30 IN A 192.0.2.1", "cache.two.example. 30 IN AAAA 2001:db8::1", soa}}
	configured(t, z, "cache", conf, func(t *testing.T, _ string, r *recorder) { is(t, r, "192.0.2.1:80") })
}

func TestWhatTheSystemSaysMayChange(t *testing.T) {
	z := &zone{records: []string{"cache. 5 IN A 192.0.2.1", soa}}
	configured(t, z, "cache", "nameserver 192.0.2.53", func(t *testing.T, path string, r *recorder) {
		is(t, r, "192.0.2.1:80")
		wants := func(what, conf string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(6 * time.Second)
			if wrong, _ := r.wrong(); !strings.Contains(wrong, what) {
				t.Errorf("%q is wrong, not %q", wrong, what)
			}
		}
		wants("resolv.conf names no server", "search example.org")
		wants(`resolv.conf: the name server "ns.example.org" is no address`, "nameserver ns.example.org")
		z.questions()
		if err := os.WriteFile(path, []byte("nameserver fe80::1%eth0\nnameserver 192.0.2.54"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		asks(t, z, "[fe80::1%eth0]:53 udp A cache.")
		is(t, r, "192.0.2.1:80")
	})
}
