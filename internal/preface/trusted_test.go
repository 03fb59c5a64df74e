package preface_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestOnlyThoseOnTheListAreTrusted(t *testing.T) {
	list, err := preface.ParseTrusted("127.0.0.1, 10.0.0.0/8,::ffff:172.16.0.0/108, 2001:db8::/32 , fe80::1")
	if err != nil {
		t.Fatal(err)
	}
	for peer, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.2": false, "10.255.255.255": true, "11.0.0.0": false, "9.255.255.255": false,
		"::ffff:10.1.2.3": true, "::ffff:11.1.2.3": false, "172.16.0.1": true, "172.31.255.255": true, "172.32.0.0": false,
		"2001:db8::1": true, "2001:db9::1": false, "fe80::1%eth0": true, "fe80::2": false, "::10.1.2.3": false, "::1": false,
	} {
		if list.Contains(netip.MustParseAddr(peer)) != want {
			t.Errorf("%s is trusted: %v", peer, !want)
		}
	}
	if list.Contains(netip.Addr{}) {
		t.Error("a peer without an address is trusted")
	}
	if sockets, err := preface.ParseTrusted("unix"); err != nil || !sockets.Contains(netip.Addr{}) || sockets.Contains(netip.IPv4Unspecified()) || sockets.None() {
		t.Errorf("unix is %+v, %v", sockets, err)
	}
	if none := (preface.Trusted{}); !none.None() || list.None() || none.Contains(netip.Addr{}) || none.Contains(netip.MustParseAddr("127.0.0.1")) {
		t.Error("the zero list is not that of nobody")
	}
	peer := netip.MustParseAddr("::ffff:192.0.2.1")
	stagetest.Allocs(t, 0, func() { list.Contains(peer) })
}

func TestAListOfPeersSaysWhatIsWrong(t *testing.T) {
	for list, want := range map[string]string{
		"":              `"" is no address and no network`,
		"10.0.0.0/8,":   `"" is no address`,
		"localhost":     `"localhost" is no address`,
		"10.0.0.0/33":   `"10.0.0.0/33" is no address`,
		"fe80::1%eth0":  `"fe80::1%eth0" is no address`,
		"10.1.2.3/8":    `"10.1.2.3/8" is an address within a network: write 10.0.0.0/8 for the network or 10.1.2.3 for the address`,
		"::ffff:0:0/95": "more than all of IPv4",
	} {
		if _, err := preface.ParseTrusted(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, not %q", list, err, want)
		}
	}
}
