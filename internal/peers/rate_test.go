package peers

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/stage"
)

func rate(t *testing.T, perSecond float64, burst int) *Rate {
	t.Helper()
	r, err := NewRate(perSecond, burst)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEachAddressHasABurstAndThenItsRate(t *testing.T) {
	r, now := rate(t, 2, 3), time.Now()
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	came := func(from netip.Addr, tries int) (n int) {
		for range tries {
			if r.allow(from, now) {
				n++
			}
		}
		return n
	}
	if n, m := came(a, 10), came(b, 2); n != 3 || m != 2 {
		t.Errorf("%d and %d came at once", n, m)
	}
	for range 20 {
		now = now.Add(500 * time.Millisecond)
		if n := came(a, 10); n != 1 {
			t.Errorf("%d came after half a second", n)
		}
	}
	if len(r.of) != 1 || len(r.next) != 1 {
		t.Errorf("%d addresses are remembered, of which one has been quiet", len(r.of))
	}
	now = now.Add(time.Hour)
	if n := came(a, 10); n != 3 {
		t.Errorf("%d came at once after an hour", n)
	}
}

func TestAddressesThatAreRememberedAreBounded(t *testing.T) {
	r, now := rate(t, .1, 2), time.Now()
	address := func(i int) netip.Addr {
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i))))
	}
	victim := address(1 << 30)
	for range 2 {
		r.allow(victim, now)
	}
	for i := range 2 * remembered {
		now = now.Add(time.Microsecond)
		if !r.allow(address(i), now) {
			t.Fatal("a new address is kept out by others")
		}
		if len(r.of) > remembered || len(r.next) != len(r.of) {
			t.Fatalf("%d and %d addresses are remembered", len(r.of), len(r.next))
		}
	}
	if r.allow(victim, now) {
		t.Error("one that is further ahead of its rate was forgotten before others")
	}
}

func TestATableCountsWhoComesTooFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tab := &Table{Rate: rate(t, 1, 2), MaxPerAddress: 3}
		tab.Init(stage.DefaultLimits, 100)
		comes := func(from string) bool {
			a, _ := netip.ParseAddr(from)
			return tab.AddFrom(&stage.Conn{}, a)
		}
		for _, c := range []struct {
			from string
			want bool
		}{
			{"192.0.2.1", true}, {"::ffff:192.0.2.1", true}, {"192.0.2.1", false}, {"192.0.2.2", true},
			{"2001:db8::1", true}, {"2001:db8::2", true}, {"2001:db8::3", false}, {"2001:db8:0:1::1", true},
			{"", true}, {"", true}, {"", true}, // peers of unix sockets have none
		} {
			if comes(c.from) != c.want {
				t.Errorf("one of %q comes: %v", c.from, !c.want)
			}
		}
		time.Sleep(time.Second)
		if !comes("192.0.2.1") {
			t.Error("a second later one may come")
		}
		time.Sleep(time.Minute)
		if comes("192.0.2.1") { // three are open: those that were refused count for nothing
			t.Error("too many of one address are open")
		}
		var all strings.Builder
		tab.Figures(func(name, value string) { all.WriteString(name + "=" + value + " ") })
		for _, want := range []string{"refused: too many a second of one address=2 ", "refused: too many of one address=1 "} {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s is missing in %s", want, all.String())
			}
		}
	})
}

func TestARateThatCannotBeIsAnError(t *testing.T) {
	for _, c := range []struct {
		perSecond float64
		burst     int
	}{{0, 1}, {-1, 1}, {1e10, 1}, {1, 0}, {2e-6, 1 << 20}} {
		if r, err := NewRate(c.perSecond, c.burst); err == nil {
			t.Errorf("%+v was made", r)
		}
	}
}
