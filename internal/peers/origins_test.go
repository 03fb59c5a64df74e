package peers_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/peers"
	"github.com/leat-io/leat/stage"
)

func TestConnectionsOfOneAddressAreCounted(t *testing.T) {
	for _, c := range []struct {
		first, second string
		same          bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true}, // the same peer on a socket of both families
		{"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
	} {
		tab := table(marks, 10)
		tab.MaxPerAddress = 1
		a, _ := connection(tab)
		b, _ := connection(tab)
		if !tab.AddFrom(a, netip.MustParseAddr(c.first)) {
			t.Fatal("the first connection of an address is refused")
		}
		if in := tab.AddFrom(b, netip.MustParseAddr(c.second)); in == c.same {
			t.Errorf("%s beside %s: taken in %v", c.second, c.first, in)
		}
		tab.Remove(a)
		if again, _ := connection(tab); !tab.AddFrom(again, netip.MustParseAddr(c.first)) {
			t.Errorf("the place of %s is not free again", c.first)
		}
	}
}

func TestAPeerWithoutAnAddressIsNotOneOfMany(t *testing.T) {
	tab := table(marks, 10)
	tab.MaxPerAddress = 1
	for range 5 {
		if c, _ := connection(tab); !tab.AddFrom(c, netip.Addr{}) {
			t.Fatal("refused")
		}
	}
}

func TestRefusalsAreCountedByReason(t *testing.T) {
	tab := table(marks, 2)
	tab.MaxPerAddress = 1
	from := netip.MustParseAddr("192.0.2.1")
	for range 3 {
		c, _ := connection(tab)
		tab.AddFrom(c, from)
	}
	for range 5 {
		c, _ := connection(tab)
		tab.Add(c)
	}
	tab.Refuse(peers.NoDescriptors)
	want := "refused=7, answers ignored=0, refused: no descriptors=1, refused: too many connections=4, refused: too many of one address=2"
	if got := figures(tab); !strings.Contains(got, want) {
		t.Errorf("the figures are %s, not %s", got, want)
	}
}

// However connections come and go, an address has as many as a plain count says.
func TestAddressesAgreeWithAModel(t *testing.T) {
	const most = 3
	r := rand.New(rand.NewPCG(1, 2))
	tab := table(marks, 1000)
	tab.MaxPerAddress = most
	open := map[string][]*stage.Conn{}
	for range 20_000 {
		who := fmt.Sprintf("192.0.2.%d", r.IntN(20))
		if in := open[who]; r.IntN(2) == 0 && len(in) > 0 {
			tab.Remove(in[0])
			tab.Remove(in[0]) // a second time counts for nothing
			open[who] = in[1:]
			continue
		}
		c, _ := connection(tab)
		took := tab.AddFrom(c, netip.MustParseAddr(who))
		if took != (len(open[who]) < most) {
			t.Fatalf("%s has %d connections, one more was taken in: %v", who, len(open[who]), took)
		}
		if took {
			open[who] = append(open[who], c)
		}
	}
}
