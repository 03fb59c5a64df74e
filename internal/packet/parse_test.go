package packet

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

// What Linux sent from one end of a pair of veth to the other: first with the checksum computed, then with it left to the
// interface.
var ofTheKernel = []struct{ src, dst, finished, unfinished string }{
	{"10.0.0.1:12345", "10.0.0.2:9000",
		"02000000000b02000000000a08004500002150ba40004011d60f0a0000010a00000230392328000d549e68656c6c6f",
		"02000000000b02000000000a08004500002150c340004011d6060a0000010a00000230392328000d142168656c6c6f"},
	{"[2001:db8::1]:12345", "[2001:db8::2]:9000",
		"02000000000b02000000000a86dd6008012f000d114020010db800000000000000000000000120010db800000000000000000000000230392328000d0d2c68656c6c6f",
		"02000000000b02000000000a86dd6008012f000d114020010db800000000000000000000000120010db800000000000000000000000230392328000d5b9368656c6c6f"},
}

func TestFramesOfTheKernelAreRead(t *testing.T) {
	for _, c := range ofTheKernel {
		for _, f := range []struct {
			frame          string
			alone, trusted Reason
		}{{c.finished, OK, OK}, {c.unfinished, Unfinished, OK}} {
			b, err := hex.DecodeString(f.frame)
			if err != nil {
				t.Fatal(err)
			}
			var d Datagram
			if r := Parse(&d, b, 0); r != f.alone {
				t.Errorf("%s: %v, want %v", c.src, r, f.alone)
			}
			if r := Parse(&d, b, AnySum); r != f.trusted || d.Src.String() != c.src || d.Dst.String() != c.dst || string(d.Payload) != "hello" {
				t.Errorf("%s: %v, %+v", c.src, r, d)
			}
		}
	}
}

func TestWhatIsBuiltIsReadAgain(t *testing.T) {
	for _, payload := range []string{"", "a", "hello", strings.Repeat("0123456789abcde", 99)} {
		for _, ends := range [][2]netip.AddrPort{{from4, to4}, {from6, to6}} {
			plain := frame(t, ends[0], ends[1], payload)
			for name, f := range map[string][]byte{
				"plain":        plain,
				"padded":       append(bytes.Clone(plain), make([]byte, 13)...),
				"in a VLAN":    retag(plain, typeVLAN),
				"in two VLANs": retag(plain, typeService, typeVLAN),
			} {
				var d Datagram
				if r := Parse(&d, f, 0); r != OK {
					t.Fatalf("%s, %v, %d bytes: %v", name, ends, len(payload), r)
				}
				if d.Src != ends[0] || d.Dst != ends[1] || string(d.Payload) != payload || d.TTL != 64 || d.TOS != 0 || d.NoSum {
					t.Errorf("%s, %v, %d bytes: got %+v", name, ends, len(payload), d)
				}
			}
			var d Datagram
			if r := ParseIP(&d, plain[etherSize:], 0); r != OK || string(d.Payload) != payload {
				t.Errorf("without Ethernet, %v, %d bytes: %v, %q", ends, len(payload), r, d.Payload)
			}
		}
	}
}

func TestOptionsOfIPv4AreSkipped(t *testing.T) {
	f := frame(t, from4, to4, "hello")
	const end = etherSize + ip4Size
	f = append(f[:end:end], append([]byte{1, 1, 1, 0}, f[end:]...)...)
	f[etherSize] = 0x46
	f[etherSize+3] += 4
	var d Datagram
	if r := Parse(&d, resum(f), 0); r != OK || string(d.Payload) != "hello" {
		t.Errorf("%v, %q", r, d.Payload)
	}
}

func TestWhatComesBehindTheDatagramIsLeftOut(t *testing.T) {
	f := append(frame(t, from4, to4, "hello"), "options"...)
	f[etherSize+3] += 7 // they are a part of the packet, and not of the datagram
	var d Datagram
	if r := Parse(&d, resum(f), 0); r != OK || string(d.Payload) != "hello" {
		t.Errorf("%v, %q", r, d.Payload)
	}
}

// spoil says how a good frame is made one that is refused, and for what.
type spoil struct {
	name   string
	want   Reason
	change func(f []byte) []byte
}

func set(at int, v ...byte) func([]byte) []byte {
	return func(f []byte) []byte { copy(f[at:], v); return f }
}

// The offsets are those of an Ethernet frame without tags.
var spoiled4 = []spoil{
	{"nothing", Short, func([]byte) []byte { return nil }},
	{"13 bytes", Short, func(f []byte) []byte { return f[:13] }},
	{"an ARP request", Foreign, set(12, 0x08, 0x06)},
	{"a third tag", Foreign, func(f []byte) []byte { return retag(f, typeVLAN, typeVLAN, typeVLAN) }},
	{"half of a tag", Short, func(f []byte) []byte { return retag(f, typeVLAN)[:16] }},
	{"half of an IP header", Short, func(f []byte) []byte { return f[:etherSize+10] }},
	{"half of the options", Short, func(f []byte) []byte { f[14], f[17] = 0x4f, 80; return f[:etherSize+30] }},
	{"version 5", Header, set(14, 0x55)},
	{"a header of 16 bytes", Header, set(14, 0x44)},
	{"a total length within the header", Header, set(16, 0, 19)},
	{"a flipped bit in the header", HeaderSum, func(f []byte) []byte { f[22] ^= 1; return f }},
	{"the first of several fragments", Fragment, func(f []byte) []byte { f[20] = 0x20; return resum(f) }},
	{"the last fragment", Fragment, func(f []byte) []byte { f[21] = 1; return resum(f) }},
	{"TCP", Protocol, func(f []byte) []byte { f[23] = 6; return resum(f) }},
	{"from 0.0.0.0", Source, func(f []byte) []byte { set(26, 0, 0, 0, 0)(f); return resum(f) }},
	{"from 127.0.0.1", Source, func(f []byte) []byte { set(26, 127, 0, 0, 1)(f); return resum(f) }},
	{"from a group", Source, func(f []byte) []byte { set(26, 224, 0, 0, 1)(f); return resum(f) }},
	{"from everybody", Source, func(f []byte) []byte { set(26, 255, 255, 255, 255)(f); return resum(f) }},
	{"no room for UDP", Length, func(f []byte) []byte { set(16, 0, 27)(f); return resum(f) }},
	{"half of a UDP header", Short, func(f []byte) []byte { return f[:etherSize+ip4Size+7] }},
	{"a UDP length of 7", Length, set(38, 0, 7)},
	{"a UDP length of more than the packet", Length, set(38, 0, 14)},
	{"a flipped bit in the payload", Sum, func(f []byte) []byte { f[42] ^= 1; return f }},
	{"another source port", Sum, set(34, 0x40, 0)},
	{"another source address", Sum, func(f []byte) []byte { set(26, 10, 0, 0, 1)(f); return resum(f) }},
	{"half of the payload", Truncated, func(f []byte) []byte { return f[:len(f)-2] }},
	{"no payload", Truncated, func(f []byte) []byte { return f[:42] }},
}

var spoiled6 = []spoil{
	{"half of an IP header", Short, func(f []byte) []byte { return f[:etherSize+20] }},
	{"version 4", Header, set(14, 0x40)},
	{"a fragment", Fragment, set(20, protocolFragment)},
	{"hop-by-hop options", Extension, set(20, protocolHopByHop)},
	{"a routing header", Extension, set(20, protocolRouting)},
	{"encryption", Extension, set(20, protocolESP)},
	{"TCP", Protocol, set(20, 6)},
	{"from ::", Source, set(22, make([]byte, 16)...)},
	{"from ::1", Source, set(22, append(make([]byte, 15), 1)...)},
	{"from a group", Source, set(22, 0xff)},
	{"a jumbogram", Length, set(18, 0, 0)},
	{"no checksum", NoSum, set(60, 0, 0)},
	{"a flipped bit in the payload", Sum, func(f []byte) []byte { f[62] ^= 1; return f }},
	{"another destination", Sum, set(38, 0xfd)},
	{"half of the payload", Truncated, func(f []byte) []byte { return f[:len(f)-2] }},
}

func TestEachFaultHasItsReason(t *testing.T) {
	check := func(family string, good func() []byte, all []spoil) {
		for _, s := range all {
			var d Datagram
			if r := Parse(&d, s.change(good()), 0); r != s.want {
				t.Errorf("%s, %s: %v, want %v", family, s.name, r, s.want)
			}
		}
	}
	check("IPv4", func() []byte { return frame(t, from4, to4, "hello") }, spoiled4)
	check("IPv6", func() []byte { return frame(t, from6, to6, "hello") }, spoiled6)
	for r, name := range reasons {
		if name == "" || Reason(r).String() != name {
			t.Errorf("reason %d has no name", r)
		}
	}
	if got := Reasons.String(); got != "reason 14" {
		t.Errorf("a reason that there is not is called %q", got)
	}
}

func TestIPv4WithoutChecksumIsTaken(t *testing.T) {
	var d Datagram
	if r := Parse(&d, set(40, 0, 0)(frame(t, from4, to4, "hello")), 0); r != OK || !d.NoSum {
		t.Errorf("%v, NoSum %v", r, d.NoSum)
	}
}

// A checksum that comes out as 0 is sent as 0xffff, and is right.
func TestAChecksumOfZeroIsNotSentAsNone(t *testing.T) {
	tm, err := NewTemplate(macA, macB, from4, to4)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, 2)
	f := tm.Append(nil, payload)
	copy(payload, f[40:42]) // so that the sum over all becomes 0xffff
	f = tm.Append(nil, payload)
	if got := binary.BigEndian.Uint16(f[40:]); got != 0xffff {
		t.Fatalf("the checksum is %#x", got)
	}
	var d Datagram
	if r := Parse(&d, f, 0); r != OK || d.NoSum {
		t.Errorf("%v, NoSum %v", r, d.NoSum)
	}
}

func TestAChecksumThatIsLeftToTheInterfaceHasAReasonOfItsOwn(t *testing.T) {
	for _, ends := range [][2]netip.AddrPort{{from4, to4}, {from6, to6}} {
		f := frame(t, ends[0], ends[1], "hello")
		at := len(f) - len("hello") - 2
		addresses := append(ends[0].Addr().AsSlice(), ends[1].Addr().AsSlice()...)
		binary.BigEndian.PutUint16(f[at:], slowSum(addresses, []byte{0, protocolUDP, 0, udpSize + 5}))
		var d Datagram
		if r := Parse(&d, f, 0); r != Unfinished {
			t.Errorf("%v: %v, want %v", ends[0], r, Unfinished)
		}
		if r := Parse(&d, f, AnySum); r != OK || string(d.Payload) != "hello" {
			t.Errorf("%v, when somebody answers for the checksum: %v, %q", ends[0], r, d.Payload)
		}
	}
}

func TestSourcesOfACaptureMayBeAny(t *testing.T) {
	var d Datagram
	f := frame(t, netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"), "hello")
	if r := Parse(&d, f, AnySource); r != OK {
		t.Error(r)
	}
}

func TestTOSAndTTLAreRead(t *testing.T) {
	var d Datagram
	f := frame(t, from4, to4, "hello")
	f[15], f[22] = 0xb9, 3
	if r := Parse(&d, resum(f), 0); r != OK || d.TOS != 0xb9 || d.TTL != 3 {
		t.Errorf("IPv4: %v, TOS %#x, TTL %d", r, d.TOS, d.TTL)
	}
	f = frame(t, from6, to6, "hello")
	f[14], f[15], f[21] = 0x6b, 0x91, 3 // with a flow label behind it
	if r := Parse(&d, f, 0); r != OK || d.TOS != 0xb9 || d.TTL != 3 {
		t.Errorf("IPv6: %v, traffic class %#x, hop limit %d", r, d.TOS, d.TTL)
	}
}

func TestATallyTellsWhatHasOccurred(t *testing.T) {
	var c Tally
	c[OK].Add(10)
	c[Sum].Add(2)
	c[Fragment].Add(3)
	got := map[Reason]uint64{}
	c.Each(func(r Reason, n uint64) { got[r] = n })
	if len(got) != 2 || got[Sum] != 2 || got[Fragment] != 3 {
		t.Error(got)
	}
}
