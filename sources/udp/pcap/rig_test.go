package pcap_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/leat-io/leat/internal/packet"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/pcap"
	"github.com/leat-io/leat/stage"
)

var (
	from4, to4 = netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("198.51.100.7:9000")
	from6, to6 = netip.MustParseAddrPort("[2001:db8::1]:4000"), netip.MustParseAddrPort("[2001:db8::7]:9000")

	began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// A captured packet is one of a file.
type captured struct {
	frame  []byte
	length int             // 0 is that of the frame
	after  time.Duration   // the beginning
	link   layers.LinkType // of pcapng: LinkTypeRaw for the second interface
}

func frame(t testing.TB, from, to netip.AddrPort, payload string) []byte {
	t.Helper()
	tm, err := packet.NewTemplate([6]byte{2}, [6]byte{2, 1}, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return tm.Append(nil, []byte(payload))
}

func (c captured) info() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: began.Add(c.after), CaptureLength: len(c.frame), Length: max(c.length, len(c.frame))}
}

// write makes a file of pcap.
func write(t testing.TB, all ...captured) []byte {
	t.Helper()
	return writeLink(t, layers.LinkTypeEthernet, all...)
}

func writeLink(t testing.TB, link layers.LinkType, all ...captured) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(65535, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if err := w.WritePacket(c.info(), c.frame); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// writeNG makes a file of pcapng, with two interfaces: the second gives packets without a link.
func writeNG(t testing.TB, all ...captured) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	raw := pcapgo.DefaultNgInterface
	raw.LinkType = layers.LinkTypeRaw
	second, err := w.AddInterface(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		ci := c.info()
		if c.link == layers.LinkTypeRaw {
			ci.InterfaceIndex = second
		}
		if err := w.WritePacket(ci, c.frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func save(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A receipt is a packet, and when it was received.
type receipt struct {
	payload     string
	peer, local netip.AddrPort
	flags       udp.Flags
	captured    time.Time
	after       time.Duration // the start of the replay
}

// replay runs a file through a pipeline, to its end.
func replay(t testing.TB, file []byte, addr string, opts ...pcap.Option) ([]receipt, *udp.Source, error) {
	t.Helper()
	r := pcap.Open(save(t, file), opts...)
	s := udp.Listen(addr, udp.Use(r))
	start := time.Now()
	var got []receipt
	p := pipeline.New("replay")
	p.From(s).Via("note", stage.Do(func(p *udp.Packet) {
		got = append(got, receipt{string(p.Data), p.Peer, p.Local(), p.Flags, p.Time(), time.Since(start)})
	})).To("send", udp.Send())
	err := r.Run(context.Background(), p)
	return got, s, err
}

func gauge(s *udp.Source, name string) string {
	for _, g := range s.Gauges() {
		if g.Name == name {
			return g.Value
		}
	}
	return ""
}

// numbered is the frame of a number.
func numbered(t testing.TB, i int) []byte {
	return frame(t, from4, to4, string(binary.BigEndian.AppendUint32(nil, uint32(i))))
}
