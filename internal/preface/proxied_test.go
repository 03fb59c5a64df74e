package preface_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/stage/stagetest"
)

const signature = "\r\n\r\n\x00\r\nQUIT\n"

// Four is the rest of a header of version 2 from 192.0.2.1:4660 to 192.0.2.2:443.
const four = "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x34\x01\xbb"

func TestHeadersOfBothVersionsAreRead(t *testing.T) {
	for _, c := range []struct{ header, client, server, authority, protocol string }{
		{"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n", "192.0.2.1:4660", "192.0.2.2:443", "", ""},
		{"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "[2001:db8::1]:1", "[2001:db8::2]:65535", "", ""},
		{"PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n", "192.0.2.1:1", "[2001:db8::2]:2", "", ""},
		{"PROXY UNKNOWN\r\n", "", "", "", ""},
		{"PROXY UNKNOWN and whatever comes here\r\n", "", "", "", ""},
		{signature + four, "192.0.2.1:4660", "192.0.2.2:443", "", ""},
		{signature + "\x21\x11\x00\x23" + four[4:] + "\x02\x00\x0bexample.org\x04\x00\x01-\x01\x00\x02h2", "192.0.2.1:4660", "192.0.2.2:443", "example.org", "h2"},
		{signature + "\x20\x00\x00\x00", "", "", "", ""},
		{signature + "\x20\x11\x00\x00", "", "", "", ""},
		{signature + "\x20\x11\x00\x0c" + four[4:], "", "", "", ""},
		{signature + "\x21\x31\x00\xd8" + strings.Repeat("/", 216), "", "", "", ""},
	} {
		dripped(t, []byte(c.header+"GET"), len(c.header), 40, func(b []byte) (int, error) {
			p, n, err := preface.ParseProxied(b)
			if n <= 0 {
				if p != (preface.Proxied{}) {
					t.Errorf("%q says %+v before it is complete", b, p)
				}
				return n, err
			}
			want := preface.Proxied{Authority: c.authority, Protocol: c.protocol, Local: c.client == ""}
			if !want.Local {
				want.Client, want.Server = endpoints(c.client, c.server)
			}
			if p != want {
				t.Errorf("%q says %+v, not %+v", c.header, p, want)
			}
			return n, err
		})
	}
}

func TestWhatCannotBecomeAHeaderIsAnErrorAtOnce(t *testing.T) {
	for header, want := range map[string]string{
		"G":                              `the connection does not begin with a PROXY header but with "G"`,
		"PRO" + "M":                      "does not begin",
		"PROXYTCP4":                      "does not begin",
		"proxy ":                         "does not begin",
		"\r\n\r\n\x00\r\nQUIX":           "does not begin",
		"\x16\x03\x01":                   "does not begin",
		signature + "\x11":               "version 1, not 2",
		signature + "\x21\x11\x10\x01":   "goes on for 4097 bytes, more than 4096",
		signature + "\x22" + four[1:]:    "unsupported proxy protocol version and command",
		signature + "\x21\x11\x00\x02xx": "invalid length",
		signature + "\x21\x13\x00\x0c" + four[4:]:                         "unsupported address family",
		signature + "\x21\x00\x00\x00":                                    "unsupported address family",
		signature + "\x21\x12" + four[2:]:                                 "of datagrams",
		signature + "\x21\x11\x00\x10" + four[4:] + "\x02\x00\x02a":       "truncated",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n":                         "address family",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n":                            "must end with",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n":                      "invalid port",
		"PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n":                        "invalid address",
		"PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n":                         "address family",
		"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n":                          "address family",
		"PROXY UNKNOWN " + strings.Repeat("x", 107-len("PROXY UNKNOWN ")): "no end of line within 107 bytes",
	} {
		p, n, err := preface.ParseProxied([]byte(header))
		if err == nil || !strings.Contains(err.Error(), want) || n != 0 || p != (preface.Proxied{}) {
			t.Errorf("%q gives %+v, %d, %v; want %q", header, p, n, err, want)
		}
	}
	if _, _, err := preface.ParseProxied([]byte("GET")); !errors.Is(err, preface.ErrNotProxied) {
		t.Error(err)
	}
}

func TestAHeaderAsLongAsItMayBeIsRead(t *testing.T) {
	longest := "PROXY UNKNOWN " + strings.Repeat("x", 107-len("PROXY UNKNOWN \r\n")) + "\r\n"
	if _, n, err := preface.ParseProxied([]byte(longest)); n != 107 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	p := preface.Proxied{Local: true, Authority: strings.Repeat("a", preface.MaxProxied-16-3)}
	b, err := p.Append(nil, 2)
	if err != nil || len(b) != preface.MaxProxied {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if got, n, err := preface.ParseProxied(b); n != preface.MaxProxied || err != nil || got != p {
		t.Errorf("%d, %v", n, err)
	}
	p.Authority += "a"
	if b, err := p.Append([]byte("x"), 2); err == nil || string(b) != "x" {
		t.Errorf("one more byte gives %d bytes, %v", len(b), err)
	}
}

func TestWhatIsAppendedIsReadAgain(t *testing.T) {
	var none netip.AddrPort
	a4, b4 := endpoints("192.0.2.1:1", "192.0.2.2:65535")
	a6, b6 := endpoints("[2001:db8::1]:1", "[2001:db8::2]:0")
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.1]:1")
	zoned := netip.MustParseAddrPort("[fe80::1%eth0]:1")
	for _, c := range []struct {
		client, server netip.AddrPort
		want           string
	}{
		{a4, b4, "PROXY TCP4 192.0.2.1 192.0.2.2 1 65535\r\n"}, {a6, b6, "PROXY TCP6 2001:db8::1 2001:db8::2 1 0\r\n"},
		{a4, b6, "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 0\r\n"}, {a6, b4, "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.2 1 65535\r\n"},
		{mapped, b4, "PROXY TCP4 192.0.2.1 192.0.2.2 1 65535\r\n"}, {zoned, b6, "PROXY TCP6 fe80::1 2001:db8::2 1 0\r\n"},
		{none, b4, "PROXY UNKNOWN\r\n"}, {a4, none, "PROXY UNKNOWN\r\n"}, {none, none, "PROXY UNKNOWN\r\n"},
	} {
		p := preface.Proxied{Client: c.client, Server: c.server, Authority: "example.org", Protocol: "h2"}
		for version := 1; version <= 2; version++ {
			b, err := p.Append([]byte("before"), version)
			if err != nil {
				t.Fatal(err)
			}
			header, ok := strings.CutPrefix(string(b), "before")
			if !ok || version == 1 && header != c.want {
				t.Errorf("%v to %v gives %q, not %q", c.client, c.server, b, c.want)
			}
			want := preface.Proxied{Client: unmapped(c.client), Server: unmapped(c.server)}
			if strings.HasPrefix(c.want, "PROXY UNKNOWN") {
				want = preface.Proxied{Local: true}
			}
			if version == 2 {
				want.Authority, want.Protocol = p.Authority, p.Protocol
			}
			got, n, err := preface.ParseProxied([]byte(header))
			if got != want || n != len(header) || err != nil {
				t.Errorf("version %d of %v to %v gives %+v, %v", version, c.client, c.server, got, err)
			}
		}
	}
	if b, err := (preface.Proxied{}).Append([]byte("x"), 3); err == nil || string(b) != "x" {
		t.Errorf("version 3 gives %q, %v", b, err)
	}
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

func TestAnIncompleteHeaderCostsNothing(t *testing.T) {
	one, two := []byte("PROXY TCP4 192.0.2.1 192.0.2.2 46"), []byte(signature+four[:8])
	stagetest.Allocs(t, 0, func() {
		preface.ParseProxied(one)
		preface.ParseProxied(two)
	})
}

func BenchmarkParseProxied(b *testing.B) {
	for name, header := range map[string]string{"version=1": "PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n", "version=2": signature + four} {
		b.Run(name, func(b *testing.B) {
			h := []byte(header)
			b.ReportAllocs()
			for b.Loop() {
				preface.ParseProxied(h)
			}
		})
	}
}

func BenchmarkAppendProxied(b *testing.B) {
	client, server := endpoints("192.0.2.1:4660", "192.0.2.2:443")
	p := preface.Proxied{Client: client, Server: server}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = p.Append(buf[:0], 2)
	}
}
