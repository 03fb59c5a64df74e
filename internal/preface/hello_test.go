package preface_test

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/stage/stagetest"
)

// configs are those of clients of many kinds.
func configs() []*tls.Config {
	var all []*tls.Config
	for _, name := range []string{"", "www.example.org", "UPPER.Example.ORG", "192.0.2.1", strings.Repeat("a.", 126) + "a"} {
		for _, protocols := range [][]string{nil, {"h2", "http/1.1"}, {"of-its-own"}, slices.Repeat([]string{"p"}, 300)} {
			for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
				all = append(all, &tls.Config{ServerName: name, NextProtos: protocols, MinVersion: tls.VersionTLS10, MaxVersion: version, CurvePreferences: curves(version)})
			}
		}
	}
	return all
}

func curves(version uint16) []tls.CurveID {
	if version == tls.VersionTLS13 {
		return nil // with post-quantum keys
	}
	return []tls.CurveID{tls.X25519}
}

// cut lays the message of a ClientHello into records of the given sizes, and the last of them for the rest.
func cut(hello []byte, size int) []byte {
	var b []byte
	for part := range slices.Chunk(hello[5:], size) {
		b = append(b, 0x16, 3, 1)
		b = binary.BigEndian.AppendUint16(b, uint16(len(part)))
		b = append(b, part...)
	}
	return b
}

func TestHellosOfEveryKindAreReadAsCryptoTLSReadsThem(t *testing.T) {
	for _, c := range configs() {
		hello := made(c)
		want, ok := heard(hello)
		if !ok {
			t.Fatalf("crypto/tls does not understand its own hello of %q", c.ServerName)
		}
		want.Name = strings.ToLower(want.Name)
		for _, size := range []int{1 << 14, 700, 100, 3} {
			b := cut(hello, size)
			dripped(t, append(b, "more"...), len(b), 3+len(b)/size, func(b []byte) (int, error) {
				h, n, err := preface.ParseHello(b)
				if n > 0 && (h.Name != want.Name || !slices.Equal(h.Protocols, want.Protocols)) {
					t.Errorf("%+v was read, not %+v", h, want)
				}
				return n, err
			})
		}
	}
}

// message is a ClientHello with these extensions.
func message(extensions string) []byte {
	body := "\x03\x03" + strings.Repeat("r", 32) + "\x00" + "\x00\x02\x13\x01" + "\x01\x00"
	if extensions != "none" {
		body += vector(2, extensions)
	}
	body = "\x01" + vector(3, body)
	return []byte("\x16\x03\x01" + vector(2, body))
}

func vector(size int, s string) string {
	n := binary.BigEndian.AppendUint32(nil, uint32(len(s)))
	return string(n[4-size:]) + s
}

func name(names ...string) string {
	list := ""
	for _, n := range names {
		list += "\x00" + vector(2, n)
	}
	return "\x00\x00" + vector(2, vector(2, list))
}

func TestWhatAHelloMayHaveBesides(t *testing.T) {
	grease := "\x1a\x1a\x00\x00" // RFC 8701
	for _, c := range []struct{ extensions, name, protocols string }{
		{"none", "", "[]"}, {"", "", "[]"}, {grease, "", "[]"},
		{grease + name("a.org") + "\x3a\x3a\x00\x01x", "a.org", "[]"},
		{name("192.0.2.1"), "", "[]"}, {name("2001:db8::1"), "", "[]"}, {name("A_b.org."), "a_b.org", "[]"}, {name("r1.2"), "r1.2", "[]"},
		{"\x00\x00" + vector(2, vector(2, "\x07"+vector(2, "?")+"\x00"+vector(2, "a.org"))), "a.org", "[]"}, // a type of names to come
		{"\x00\x10" + vector(2, vector(2, "\x02\x0a\x0a\x02h2")), "", "[\n\n h2]"},
		{name("outer.org") + "\xfe\x0d" + vector(2, "encrypted"), "outer.org", "[]"},
	} {
		b := message(c.extensions)
		h, n, err := preface.ParseHello(b)
		if h.Name != c.name || fmt.Sprint(h.Protocols) != c.protocols || n != len(b) || err != nil {
			t.Errorf("%q gives %+v, %d, %v", c.extensions, h, n, err)
		}
	}
}

func TestWhatCannotBecomeAHelloIsAnErrorAtOnce(t *testing.T) {
	alpn := "\x00\x10" + vector(2, vector(2, "\x02h2"))
	for b, want := range map[string]string{
		"G":                                     `the connection does not begin with a ClientHello of TLS but with "G"`,
		"\x80":                                  "does not begin",
		"\x16\x02":                              "does not begin",
		"\x16\x03\x01\x00\x00":                  "a record has 0 bytes",
		"\x16\x03\x01\x40\x01":                  "a record has 16385 bytes",
		"\x16\x03\x01\x00\x04\x02":              "with message 2",
		"\x16\x03\x01\x00\x04\x01\x00\x40\x00":  "more than 16389 bytes",
		"\x16\x03\x01\x40\x00\x01\x00\x3f\xfd":  "more than 16389 bytes",
		"\x16\x03\x01\x00\x01\x01\x15\x03":      "does not begin",
		"\x16\x03\x01\x00\x05\x01\x00\x00\x01x": "ends too early",
		string(message(name("a.org")[:8])):      "ends too early",
		string(message(name(""))):               "ends too early",
		string(message("\x00\x00\x00\x00")):     "ends too early",
		string(message("\x00\x10\x00\x00")):     "ends too early",
		string(message("\x00\x10" + vector(2, vector(2, "\x00")))):       "ends too early",
		string(message("\x00\x10" + vector(2, vector(2, "\x03h2")))):     "ends too early",
		string(message("\x00\x10" + vector(2, vector(2, "\x02h2")+"x"))): "ends too early",
		string(message(name("a.org", "b.org"))):                          "names two servers",
		string(message(name("a.org") + name("b.org"))):                   "has extension 0 twice",
		string(message(alpn + alpn)):                                     "has extension 16 twice",
		string(message(name("a b"))):                                     `names the server "a b", which is no host name`,
		string(message(name("."))):                                       "no host name",
		string(message(name("\xff\x00"))):                                "no host name",
		string(message(name("example.org:443"))):                         "no host name",
	} {
		h, n, err := preface.ParseHello([]byte(b))
		if err == nil || !strings.Contains(err.Error(), want) || n != 0 || h.Name != "" || h.Protocols != nil {
			t.Errorf("%q gives %+v, %d, %v; want %q", b, h, n, err, want)
		}
	}
	if _, _, err := preface.ParseHello([]byte("GET")); !errors.Is(err, preface.ErrNotTLS) {
		t.Error(err)
	}
}

func TestAHelloCostsItsNameAndItsList(t *testing.T) {
	b := made(&tls.Config{ServerName: "www.example.org", NextProtos: []string{"h2", "http/1.1"}})
	stagetest.Allocs(t, 2, func() { preface.ParseHello(b) })
	stagetest.Allocs(t, 0, func() { preface.ParseHello(b[:len(b)-1]) })
}

func BenchmarkParseHello(b *testing.B) {
	hello := made(&tls.Config{ServerName: "www.example.org", NextProtos: []string{"h2", "http/1.1"}})
	b.ReportAllocs()
	for b.Loop() {
		preface.ParseHello(hello)
	}
}
