package pcap

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"
)

// An endian makes files of one order of bytes.
type endian interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var endians = map[string]endian{"little": binary.LittleEndian, "big": binary.BigEndian}

func block(o endian, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(12 + len(body))
	return o.AppendUint32(append(o.AppendUint32(o.AppendUint32(nil, kind), size), body...), size)
}

func section(o endian) []byte {
	b := o.AppendUint16(o.AppendUint16(o.AppendUint32(nil, byteOrderMagic), 1), 0)
	return block(o, sectionHeader, append(b, bytes.Repeat([]byte{0xff}, 8)...))
}

func described(o endian, link uint16, snap uint32, options ...byte) []byte {
	b := o.AppendUint16(o.AppendUint16(nil, link), 0)
	return block(o, interfaceDescription, append(o.AppendUint32(b, snap), options...))
}

func option(o endian, code uint16, value ...byte) []byte {
	b := append(o.AppendUint16(o.AppendUint16(nil, code), uint16(len(value))), value...)
	return append(b, make([]byte, -len(b)&3)...)
}

// enhanced is the packet "abc" of an interface.
func enhanced(o endian, on uint32, at uint64) []byte {
	b := o.AppendUint32(o.AppendUint32(o.AppendUint32(nil, on), uint32(at>>32)), uint32(at))
	return block(o, enhancedPacket, append(o.AppendUint32(o.AppendUint32(b, 3), 60), "abc"...))
}

func frames(b []byte) (all []frame, err error) {
	r, err := newReader(bytes.NewReader(b))
	for err == nil {
		var f frame
		if f, err = r.next(); err == nil {
			f.data = bytes.Clone(f.data)
			all = append(all, f)
		}
	}
	return all, err
}

func TestTimesAreThoseOfTheirInterface(t *testing.T) {
	t.Parallel()
	for name, o := range endians {
		for want, c := range map[time.Time]struct {
			options []byte
			at      uint64
		}{
			time.Unix(1, 500_000_000): {nil, 1_500_000},
			time.Unix(2, 7):           {option(o, timeResolution, 9), 2_000_000_007},
			time.Unix(3, 250_000_000): {option(o, timeResolution, 0x82), 13},
			time.Unix(4, 0):           {option(o, timeResolution, 0), 4},
			time.Unix(1, 844_674_407): {option(o, timeResolution, 19), 1<<64 - 1},
			time.Unix(-5, 1000):       {append(option(o, 2, 'e', 't', 'h', '0', '1'), option(o, timeOffset, o.AppendUint64(nil, 1<<64-5)...)...), 1},
			time.Unix(1, 999_999_999): {option(o, timeResolution, 0xbf), 1<<64 - 1},
		} {
			got, err := frames(append(append(section(o), described(o, 1, 0, c.options...)...), enhanced(o, 0, c.at)...))
			if err != io.EOF || len(got) != 1 || !got[0].at.Equal(want) || string(got[0].data) != "abc" || got[0].link != linkEthernet {
				t.Errorf("%s: %v, %v, want %v", name, got, err, want)
			}
		}
	}
}

func TestEachSectionHasItsOrderAndItsInterfaces(t *testing.T) {
	t.Parallel()
	var file []byte
	for _, name := range []string{"little", "big"} {
		o := endians[name]
		file = append(file, section(o)...)
		file = append(file, block(o, 0x0bad, []byte("a block that nobody knows"))...)
		file = append(file, described(o, 101, 2)...)
		file = append(file, described(o, 276, 0)...)
		file = append(file, enhanced(o, 1, 1_000_000)...)
		file = append(file, block(o, simplePacket, append(o.AppendUint32(nil, 60), "ab"...))...)
		old := o.AppendUint16(o.AppendUint16(nil, 0), 9)
		old = o.AppendUint32(o.AppendUint32(o.AppendUint32(o.AppendUint32(old, 0), 2_000_000), 1), 1)
		file = append(file, block(o, obsoletePacket, append(old, 'x'))...)
	}
	got, err := frames(file)
	if err != io.EOF || len(got) != 6 {
		t.Fatalf("%v, %v", got, err)
	}
	for i, f := range got {
		want := []frame{{linkLinuxCooked2, []byte("abc"), time.Unix(1, 0)}, {linkRaw, []byte("ab"), time.Unix(1, 0)}, {linkRaw, []byte("x"), time.Unix(2, 0)}}[i%3]
		if f.link != want.link || !bytes.Equal(f.data, want.data) || !f.at.Equal(want.at) {
			t.Errorf("packet %d: %v, want %v", i, f, want)
		}
	}
}

func TestDamageIsSaid(t *testing.T) {
	t.Parallel()
	for name, o := range endians {
		good := append(section(o), described(o, 1, 0)...)
		torn := enhanced(o, 0, 0)
		o.PutUint32(torn[len(torn)-4:], 40)
		short := enhanced(o, 0, 0)
		o.PutUint32(short[20:], 50)
		endless := block(o, enhancedPacket, nil)
		o.PutUint32(endless[4:], 1<<30)
		version := section(o)
		o.PutUint16(version[12:], 2)
		for says, file := range map[string][]byte{
			"unknown interface 1":     append(bytes.Clone(good), enhanced(o, 1, 0)...),
			"unknown interface 0":     append(section(o), block(o, simplePacket, make([]byte, 4))...),
			"and 40 by its end":       append(bytes.Clone(good), torn...),
			"in a block that has":     append(bytes.Clone(good), short...),
			"has 1073741824 bytes":    append(bytes.Clone(good), endless...),
			"version 2 of pcapng":     version,
			"finer than can be read":  append(section(o), described(o, 1, 0, option(o, timeResolution, 20)...)...),
			"order that is not known": append(section(o)[:8], 1, 2, 3, 4),
			"unexpected EOF":          good[:len(good)-1],
		} {
			if _, err := frames(file); err == nil || err == io.EOF || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, want one that says %q", name, err, says)
			}
		}
	}
}

func TestClassicFilesOfEitherOrderAndUnitAreRead(t *testing.T) {
	t.Parallel()
	for name, o := range endians {
		for magic, want := range map[uint32]time.Time{magicMicroseconds: time.Unix(7, 9000), magicNanoseconds: time.Unix(7, 9)} {
			b := o.AppendUint16(o.AppendUint16(o.AppendUint32(nil, magic), 2), 4)
			b = o.AppendUint32(append(b, make([]byte, 12)...), 0x4000_0001) // frames end with a checksum
			b = o.AppendUint32(o.AppendUint32(b, 7), 9)
			header := len(b)
			b = append(o.AppendUint32(o.AppendUint32(b, 3), 60), "abc"...)
			got, err := frames(b)
			if err != io.EOF || len(got) != 1 || string(got[0].data) != "abc" || !got[0].at.Equal(want) || got[0].link != linkEthernet {
				t.Errorf("%s, %#x: %v, %v", name, magic, got, err)
			}
			o.PutUint32(b[header:], 61)
			if _, err := frames(b); err == nil || !strings.Contains(err.Error(), "61 bytes are said") {
				t.Errorf("%s: %v", name, err)
			}
			o.PutUint16(b[4:], 3)
			if _, err := frames(b); err == nil || !strings.Contains(err.Error(), "version 3") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
