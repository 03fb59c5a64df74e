package packet

import (
	"net/netip"
	"strconv"
	"testing"

	"github.com/leat-io/leat/stage/stagetest"
)

func TestNothingAllocates(t *testing.T) {
	var d Datagram
	f4, f6 := frame(t, from4, to4, "hello"), frame(t, from6, to6, "hello")
	tm, err := NewTemplate(macA, macB, from4, to4)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 0, 128)
	stagetest.Allocs(t, 0, func() {
		if Parse(&d, f4, 0) != OK || Parse(&d, f6, 0) != OK {
			t.Error("refused")
		}
		out = tm.Append(out[:0], d.Payload)
		if _, err := NewTemplate(macA, macB, from6, to6); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name     string
		from, to netip.AddrPort
	}{{"IPv4", from4, to4}, {"IPv6", from6, to6}} {
		for _, size := range []int{64, 512, 1400} {
			f := frame(b, c.from, c.to, string(make([]byte, size)))
			for _, trust := range []Accept{0, AnySum} {
				name := c.name + "/" + strconv.Itoa(size) + "/verified"
				if trust != 0 {
					name = c.name + "/" + strconv.Itoa(size) + "/trusted"
				}
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					b.SetBytes(int64(len(f)))
					var d Datagram
					for b.Loop() {
						if r := Parse(&d, f, trust); r != OK {
							b.Fatal(r)
						}
					}
				})
			}
		}
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{64, 1400} {
		tm, err := NewTemplate(macA, macB, from4, to4)
		if err != nil {
			b.Fatal(err)
		}
		f := make([]byte, tm.Size()+size)
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(f)))
			for b.Loop() {
				tm.Put(f)
			}
		})
	}
}
