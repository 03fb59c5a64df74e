package codec_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
	"pgregory.net/rapid"
)

// The echo of any number of connections, whose bytes arrive in any pieces and several connections to a batch, is what they
// sent; also when fewer requests may be in flight than there are in a piece, and when answers wait for the next batches.
func TestMessagesAreTheSameHoweverTheirBytesArrive(t *testing.T) {
	t.Run("lines", func(t *testing.T) {
		testTorn(t, line.Text(1<<17), func(text string) string { return text + "\n" }, func(l *line.Line) string { return string(l.Text) })
	})
	t.Run("frames", func(t *testing.T) {
		testTorn(t, frame.Length32(1<<17), func(text string) string { return framed(text) }, func(f *frame.Frame) string { return string(f.Payload) })
	})
}

func testTorn[T any](t *testing.T, d stage.Decoder[T], wire func(string) string, text func(*T) string) {
	rapid.Check(t, func(rt *rapid.T) {
		b := decoding(d)
		first := stagetest.NewConn(limits(rapid.SampledFrom([]int{1, 2, 5, 1000}).Draw(rt, "in flight")))
		size := rapid.SampledFrom([]int{1, 10, 200, 5000, 40000})
		type peer struct {
			*stagetest.Conn
			left, want string
		}
		peers := make([]*peer, rapid.IntRange(1, 4).Draw(rt, "connections"))
		for i := range peers {
			p := &peer{Conn: first.Sibling()}
			for n := range rapid.IntRange(0, 30).Draw(rt, "messages") {
				m := strings.Repeat(string(rune('a'+n%26)), rapid.IntRange(0, size.Draw(rt, "size")).Draw(rt, "length"))
				p.left += wire(m)
				p.want += "[" + m + "]"
			}
			peers[i] = p
		}
		var late []*stage.Kept[T] // answered in a later batch
		for rounds := 0; ; rounds++ {
			if rounds > 1<<20 {
				rt.Fatal("nothing moves any more")
			}
			var reads []read
			var busy bool
			for _, p := range peers {
				stopped := p.Reading.Stopped && !p.Halted()
				busy = busy || len(p.left) > 0 || p.Reading.Stopped
				switch {
				case stopped && rapid.Bool().Draw(rt, "look again"):
					reads = append(reads, read{p.Conn, ""})
				case len(p.left) > 0 && !p.Halted():
					n := min(len(p.left), 1+rapid.IntRange(0, size.Draw(rt, "piece")).Draw(rt, "bytes"))
					reads = append(reads, read{p.Conn, p.left[:n]})
					p.left = p.left[n:]
				}
			}
			if !busy && len(late) == 0 {
				break
			}
			out := b.batch(t, reads...)
			for _, k := range late {
				out = append(out[:len(out):len(out)], k.Take(b.Lane.Lane))
			}
			late = late[:0]
			o := b.Lane.Outbox()
			for _, m := range out {
				if rapid.IntRange(0, 3).Draw(rt, "later") == 0 {
					late = append(late, stage.Retain(b.Lane.Lane, m))
					continue
				}
				o.Answer(stage.HeadOf(m), append(o.Buffer(), "["+text(m)+"]"...))
			}
			b.End()
		}
		for _, p := range peers {
			if got := p.Wrote(); got != p.want {
				rt.Fatalf("a connection was answered %d bytes, want %d: %.200q and %.200q", len(got), len(p.want), got, p.want)
			}
			if n := len(p.Reading.Tail); n > 0 {
				rt.Fatalf("%d bytes are left undecoded", n)
			}
		}
	})
}

// dripSize is how much of a message drips in, byte by byte. With leakcheck each of the batches needs memory of its own.
func dripSize() int {
	if stage.Leakcheck {
		return 16 << 10
	}
	return 1 << 20
}

func TestAMessageThatDripsInCostsMemoryAndTimeInProportionToItsLength(t *testing.T) {
	n := dripSize()
	text := strings.Repeat("x", n-4)
	t.Run("line", func(t *testing.T) { testDrip(t, line.Text(n), text+"...\n") })
	t.Run("frame", func(t *testing.T) { testDrip(t, frame.Length32(n), framed(text)) })
}

func testDrip[T any](t *testing.T, d stage.Decoder[T], wire string) {
	b, c := decoding(d), stagetest.NewConn(limits(10))
	s := make([]*stage.Segment, 1)
	var found int
	began := time.Now()
	allocated := allocates(func() {
		for i := range len(wire) {
			s[0] = b.New()
			stagetest.Read(b.Lane.Lane, s[0], &c.Conn, wire[i:i+1])
			out, _ := b.Push(s...)
			found += len(out)
			if i == len(wire)/2 {
				if room := cap(c.Reading.Tail); room > 4*i {
					t.Errorf("%d bytes of memory wait for the rest of a message of which there are %d", room, i)
				}
			}
			b.End()
		}
	})
	check(t, "messages", found, 1)
	if most := uint64(16 * len(wire)); allocated > most && !stage.Leakcheck {
		t.Errorf("%d bytes were allocated for a message of %d bytes", allocated, len(wire))
	}
	// When each byte costs a copy of all before it, 1 MiB takes minutes.
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("%d bytes took %v", len(wire), took)
	}
}

func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAPeerThatOnlyClaimsALengthDoesNotGetItsMemory(t *testing.T) {
	claim := string(binary.BigEndian.AppendUint32(nil, 1<<30-100))
	for name, pieces := range map[string][]string{"at once": {claim}, "in pieces": {claim[:1], claim[1:3], claim[3:]}} {
		t.Run(name, func(t *testing.T) {
			b := decoding(frame.Length32(1 << 30))
			c := stagetest.NewConn(limits(10))
			b.batch(t, read{c.Sibling(), claim[:1]}) // what the rig and the lane need once
			b.End()
			got := allocates(func() {
				for _, p := range append(pieces, strings.Split(strings.Repeat("some bytes,", 10), ",")...) {
					b.batch(t, read{c, p})
					b.End()
				}
			})
			if got > 1<<20 && !stage.Leakcheck {
				t.Errorf("%d bytes were allocated", got)
			}
			if room := cap(c.Reading.Tail); room > 1024 {
				t.Errorf("%d bytes of memory wait for a message of which there are 104", room)
			}
		})
	}
}

// Each byte of a line that drips in is appended to the others where they are; they are not copied together again.
func TestALineThatDripsInIsNotCopiedForEachByte(t *testing.T) {
	b, c := decoding(line.Text(1000)), stagetest.NewConn(limits(10))
	for i := range 1000 {
		s := b.New()
		stagetest.Read(b.Lane.Lane, s, &c.Conn, "x")
		b.Push(s)
		_, next := b.Lane.Bytes(1)
		used := uintptr(unsafe.Pointer(&next[0])) - uintptr(unsafe.Pointer(&s.Data[0]))
		if i > 1 && used != 1 {
			t.Fatalf("byte %d of a line cost %d bytes of a slab", i, used)
		}
		b.End()
	}
}

func TestATailIsNotLostWhenItsMemoryIsUsedAgain(t *testing.T) {
	// Each read ends in the middle of a message, and messages of several batches are alive at once.
	b, c := decoding(frame.Length32(1<<20)), stagetest.NewConn(limits(1000))
	var wire string
	for i := range 100 {
		wire += framed(fmt.Sprintf("message %d", i))
	}
	var kept []*stage.Kept[frame.Frame]
	for len(wire) > 0 {
		n := min(len(wire), 23)
		for _, m := range b.batch(t, read{c, wire[:n]}) {
			kept = append(kept, stage.Retain(b.Lane.Lane, m))
		}
		b.End()
		wire = wire[n:]
	}
	for i, k := range kept {
		check(t, "payload", string(k.Take(b.Lane.Lane).Payload), fmt.Sprintf("message %d", i))
	}
	b.End()
	check(t, "messages", len(kept), 100)
}
