package pcap_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket/layers"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/sources/udp/pcap"
)

func compressed(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAFileIsReceivedInOrder(t *testing.T) {
	t.Parallel()
	all := []captured{
		{frame: frame(t, from4, to4, "IPv4")},
		{frame: frame(t, from6, to6, "IPv6"), after: time.Microsecond},
		{frame: frame(t, from4, to4, ""), after: time.Millisecond},
	}
	plain, ng := write(t, all...), writeNG(t, all...)
	for name, file := range map[string][]byte{"pcap": plain, "pcapng": ng, "pcap.gz": compressed(t, plain), "pcapng.gz": compressed(t, ng)} {
		got, s, err := replay(t, file, ":0", pcap.Speed(0))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := []receipt{
			{payload: "IPv4", peer: from4, local: to4, captured: began},
			{payload: "IPv6", peer: from6, local: to6, captured: began.Add(time.Microsecond)},
			{payload: "", peer: from4, local: to4, captured: began.Add(time.Millisecond)},
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d packets, want %d", name, len(got), len(want))
			continue
		}
		for i := range want {
			if g := got[i]; g.payload != want[i].payload || g.peer != want[i].peer || g.local != want[i].local || !g.captured.Equal(want[i].captured) || g.flags != 0 {
				t.Errorf("%s: packet %d: %+v, want %+v", name, i, g, want[i])
			}
		}
		if n := gauge(s, "packets in the file"); n != "3" || gauge(s, "state") != "at its end" || gauge(s, "not sent: closed") != "3" {
			t.Errorf("%s: %v", name, s.Gauges())
		}
	}
}

func TestTheAddressPicksDestinations(t *testing.T) {
	t.Parallel()
	file := write(t,
		captured{frame: frame(t, from4, to4, "4a")},
		captured{frame: frame(t, from4, netip.MustParseAddrPort("198.51.100.7:9001"), "4b")},
		captured{frame: frame(t, from4, netip.MustParseAddrPort("198.51.100.8:9000"), "4c")},
		captured{frame: frame(t, from6, to6, "6a")})
	for addr, want := range map[string]string{
		":0": "4a4b4c6a", "[::]:0": "4a4b4c6a", "0.0.0.0:0": "4a4b4c", ":9000": "4a4c6a", "0.0.0.0:9000": "4a4c",
		"198.51.100.7:9000": "4a", "198.51.100.7:0": "4a4b", "[2001:db8::7]:9000": "6a", "192.0.2.99:1": "",
	} {
		got, s, err := replay(t, file, addr, pcap.Speed(0))
		var all string
		for _, g := range got {
			all += g.payload
		}
		if err != nil || all != want || gauge(s, "to other addresses") != fmt.Sprint(4-len(want)/2) {
			t.Errorf("%s: %q, %v, want %q", addr, all, err, want)
		}
	}
}

func TestLinksOtherThanEthernetAreRead(t *testing.T) {
	t.Parallel()
	ip := frame(t, from4, to4, "hello")[14:]
	for link, header := range map[layers.LinkType]int{
		layers.LinkTypeRaw: 0, layers.LinkTypeIPv4: 0, layers.LinkTypeNull: 4, layers.LinkTypeLoop: 4, layers.LinkTypeLinuxSLL: 16,
	} {
		got, _, err := replay(t, writeLink(t, link, captured{frame: append(make([]byte, header), ip...)}), ":0", pcap.Speed(0))
		if err != nil || len(got) != 1 || got[0].payload != "hello" {
			t.Errorf("%v: %v, %v", link, got, err)
		}
		_, s, err := replay(t, writeLink(t, link, captured{frame: make([]byte, max(header-1, 0))}), ":0", pcap.Speed(0))
		if err != nil || gauge(s, "refused: headers cut short") != "1" {
			t.Errorf("%v, cut short: %v, %v", link, s.Gauges(), err)
		}
	}
	got, _, err := replay(t, writeNG(t, captured{frame: ip, link: layers.LinkTypeRaw}, captured{frame: frame(t, from4, to4, "hello")}), ":0", pcap.Speed(0))
	if err != nil || len(got) != 2 {
		t.Errorf("two interfaces of pcapng: %v, %v", got, err)
	}
	_, s, err := replay(t, writeLink(t, layers.LinkTypeIEEE802_11, captured{frame: ip}), ":0", pcap.Speed(0))
	if err != nil || gauge(s, "refused: not IP") != "1" {
		t.Errorf("a link that is not known: %v, %v", s.Gauges(), err)
	}
}

func TestWhatWasNotCapturedWholeIsFlagged(t *testing.T) {
	t.Parallel()
	f := frame(t, from4, to4, "0123456789")
	got, s, err := replay(t, write(t, captured{frame: f[:len(f)-4], length: len(f)}, captured{frame: f}), ":0", pcap.Speed(0))
	if err != nil || len(got) != 2 || got[0].payload != "012345" || got[0].flags != udp.Truncated || got[1].flags != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if gauge(s, "truncated") != "1" {
		t.Error(s.Gauges())
	}
}

func TestBadFramesAreCountedByReason(t *testing.T) {
	t.Parallel()
	bad := frame(t, from4, to4, "hello")
	bad[42] ^= 1
	loopback := frame(t, netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"), "local")
	unfinished := frame(t, from4, to4, "hello")
	var sum uint32
	pseudo := append(append([]byte{}, unfinished[26:34]...), 0, 17, 0, 13)
	for i := 0; i < len(pseudo); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(pseudo[i:]))
	}
	binary.BigEndian.PutUint16(unfinished[40:], uint16(sum>>16+sum&0xffff))
	got, s, err := replay(t, write(t, captured{frame: bad}, captured{frame: loopback}, captured{frame: unfinished}, captured{frame: []byte("ARP or so, whatever it be")}), ":0", pcap.Speed(0))
	if err != nil || len(got) != 2 || got[0].payload != "local" || got[1].payload != "hello" {
		t.Errorf("%+v, %v", got, err)
	}
	if gauge(s, "refused: bad checksum") != "1" || gauge(s, "refused: not IP") != "1" {
		t.Error(s.Gauges())
	}
}

func TestPacketsComeWhenTheyAreDue(t *testing.T) {
	file := write(t,
		captured{frame: numbered(t, 0)},
		captured{frame: numbered(t, 1), after: time.Second},
		captured{frame: numbered(t, 2), after: time.Second},
		captured{frame: numbered(t, 3), after: 500 * time.Millisecond}, // earlier than the one before: at once
		captured{frame: numbered(t, 4), after: time.Hour})
	for speed, want := range map[float64][]time.Duration{
		1:   {0, time.Second, time.Second, time.Second, time.Hour},
		2:   {0, time.Second / 2, time.Second / 2, time.Second / 2, time.Hour / 2},
		0.5: {0, 2 * time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Hour},
		0:   {0, 0, 0, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, _, err := replay(t, file, ":0", pcap.Speed(speed))
			if err != nil || len(got) != len(want) {
				t.Fatalf("speed %v: %d packets, %v", speed, len(got), err)
			}
			for i, g := range got {
				if g.after != want[i] {
					t.Errorf("speed %v: packet %d came after %v, want %v", speed, i, g.after, want[i])
				}
			}
		})
	}
}

func TestAReplayThatIsStoppedSaysSo(t *testing.T) {
	file := write(t, captured{frame: numbered(t, 0)}, captured{frame: numbered(t, 1), after: time.Hour})
	synctest.Test(t, func(t *testing.T) {
		r := pcap.Open(save(t, file))
		p := pipeline.New("replay")
		p.From(udp.Listen(":0", udp.Use(r))).To("end", sinks.Discard[udp.Packet]())
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := r.Run(ctx, p); !errors.Is(err, pcap.ErrStopped) || !strings.Contains(err.Error(), "behind packet 1") {
			t.Error(err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// Behind the end of the file the source is there until it is stopped, as others are.
func TestTheEndOfTheFileIsNotThatOfThePipeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := pcap.Open(save(t, write(t, captured{frame: numbered(t, 0)})))
		p := pipeline.New("replay")
		p.From(udp.Listen(":0", udp.Use(r))).To("end", sinks.Discard[udp.Packet]())
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		select {
		case <-r.Done():
		default:
			t.Error("it is not done")
		}
		if err := r.Err(); err != nil {
			t.Error(err)
		}
	})
}

func TestADamagedFileIsReceivedUpToTheDamage(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{"pcap": write(t, captured{frame: numbered(t, 0)}, captured{frame: numbered(t, 1)}), "pcapng": writeNG(t, captured{frame: numbered(t, 0)}, captured{frame: numbered(t, 1)})} {
		second := bytes.LastIndex(file, numbered(t, 1))
		for _, cut := range []int{second - 3, second, second + 3} {
			got, _, err := replay(t, file[:cut], ":0", pcap.Speed(0))
			if len(got) != 1 || !errors.Is(err, pcap.ErrFormat) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, cut at %d: %d packets, %v", name, cut, len(got), err)
			}
		}
	}
}

func TestAReplayThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	good := save(t, write(t))
	for name, c := range map[string]struct {
		path, addr string
		opts       []udp.Option
		want       error
		says       string
	}{
		"no file":          {filepath.Join(t.TempDir(), "none"), ":0", nil, fs.ErrNotExist, "none"},
		"another file":     {save(t, []byte("#!/bin/sh")), ":0", nil, pcap.ErrFormat, "not a capture file"},
		"an empty file":    {save(t, nil), ":0", nil, pcap.ErrFormat, "less than four bytes"},
		"no address":       {good, "nowhere", nil, nil, "not host:port"},
		"a name":           {good, "localhost:1", nil, nil, "not one in digits"},
		"several lanes":    {good, ":0", []udp.Option{udp.Lanes(2)}, nil, "one lane"},
		"a peer":           {good, ":0", []udp.Option{udp.Connect("192.0.2.1:1")}, nil, "no sockets"},
		"backward in time": {good, ":0", nil, nil, "less than 0"},
	} {
		speed := 1.0
		if name == "backward in time" {
			speed = -1
		}
		err := udp.Listen(c.addr, append(c.opts, udp.Use(pcap.Open(c.path, pcap.Speed(speed))))...).Bind()
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
