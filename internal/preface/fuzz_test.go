package preface_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/preface"
)

// asks checks that n is a fair answer for b: no more than there is or than there may be, or more than there is.
func asks(t *testing.T, b []byte, n int, err error, most int) {
	t.Helper()
	switch {
	case err != nil && n != 0, err == nil && n == 0, n > len(b), n > most, -n > most:
		t.Fatalf("of %d bytes: %d, %v", len(b), n, err)
	case n < 0 && -n <= len(b):
		t.Fatalf("%d bytes are asked for, and there are %d", -n, len(b))
	}
}

// What is read of a header says the same when it is written again, and the first bytes of a header are never an error.
func FuzzParseProxied(f *testing.F) {
	for _, s := range []string{"", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET", "PROXY UNKNOWN\r\n", signature + four, signature + "\x20\x00\x00\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, n, err := preface.ParseProxied(b)
		asks(t, b, n, err, preface.MaxProxied)
		if n <= 0 {
			return
		}
		for i := range n {
			if _, n, err := preface.ParseProxied(b[:i]); n >= 0 || err != nil {
				t.Fatalf("of %q: %d, %v", b[:i], n, err)
			}
		}
		again, err := p.Append(nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		if got, n, err := preface.ParseProxied(again); got != p || n != len(again) || err != nil {
			t.Fatalf("%+v became %+v, %v", p, got, err)
		}
	})
}

// Any connection can be told.
func FuzzAppendProxied(f *testing.F) {
	f.Add([]byte{192, 0, 2, 1}, []byte{192, 0, 2, 2}, uint16(1), uint16(443), "example.org", "h2")
	f.Add([]byte("2001:db8::1 bits"), []byte{192, 0, 2, 2}, uint16(0), uint16(65535), "", "")
	f.Add([]byte{}, []byte{}, uint16(0), uint16(0), "", "x")
	f.Fuzz(func(t *testing.T, client, server []byte, cport, sport uint16, authority, protocol string) {
		c, _ := netip.AddrFromSlice(client)
		s, _ := netip.AddrFromSlice(server)
		if len(authority)+len(protocol) > 4000 {
			return
		}
		p := preface.Proxied{Client: netip.AddrPortFrom(c.Unmap(), cport), Server: netip.AddrPortFrom(s.Unmap(), sport), Authority: authority, Protocol: protocol}
		for version := 1; version <= 2; version++ {
			want := p
			if !c.IsValid() || !s.IsValid() {
				want.Client, want.Server, want.Local = netip.AddrPort{}, netip.AddrPort{}, true
			}
			if version == 1 {
				want.Authority, want.Protocol = "", ""
			}
			b, err := p.Append(nil, version)
			if err != nil {
				t.Fatal(err)
			}
			if got, n, err := preface.ParseProxied(b); got != want || n != len(b) || err != nil {
				t.Fatalf("version %d of %+v gives %+v, %v", version, want, got, err)
			}
		}
	})
}

// Whatever crypto/tls understands is read alike, unless it is refused with a reason that crypto/tls does not have.
func FuzzParseHello(f *testing.F) {
	for i, c := range configs() {
		if i%7 == 0 && len(c.NextProtos) < 100 {
			f.Add(cut(made(c), 1<<14))
			f.Add(cut(made(c), 90))
		}
	}
	f.Add(message("none"))
	f.Add(message(name("a.org") + "\xfe\x0d\x00\x01x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := preface.ParseHello(b)
		asks(t, b, n, err, preface.MaxHello)
		want, ok := heard(b)
		switch {
		case !ok:
		case err != nil:
			if !stricter(err) {
				t.Fatalf("crypto/tls reads %+v; %v", want, err)
			}
		case n < 0:
			t.Fatalf("crypto/tls reads %+v, and %d bytes are asked for", want, -n)
		default:
			if name := strings.ToLower(want.Name); h.Name != name && !address(name) || !slices.Equal(h.Protocols, want.Protocols) {
				t.Fatalf("%+v was read, not %+v", h, want)
			}
		}
		if n > 0 {
			for i := 0; i < n; i += 1 + i/16 {
				if _, n, err := preface.ParseHello(b[:i]); n >= 0 || err != nil {
					t.Fatalf("of the first %d bytes: %d, %v", i, n, err)
				}
			}
		}
	})
}

// stricter says whether an error is of what crypto/tls lets pass: versions of records, empty records, great size, names that are
// none.
func stricter(err error) bool {
	for _, s := range []string{"does not begin", "more than", "no host name"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

func address(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil
}
