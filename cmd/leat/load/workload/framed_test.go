package workload

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func newReplies(p Protocol, size int) *framedReplies {
	return &framedReplies{protocol: p, size: size, want: newPattern(0, false)}
}

// judge feeds the pieces to r and returns a letter for each reply: r(ight), w(rong), b(roken).
func judge(r Replies, pieces ...[]byte) string {
	var verdicts strings.Builder
	for _, b := range pieces {
		for {
			if b = r.Discard(b); len(b) == 0 {
				break
			}
			var v Verdict
			if b, v = r.Next(b); v == Incomplete {
				break
			}
			verdicts.WriteByte(" rwb"[v])
			if v == Broken {
				return verdicts.String()
			}
		}
	}
	return verdicts.String()
}

// wire is n right replies in a row.
func wire(p Protocol, size, n int) [][]byte {
	pat := newPattern(0, false)
	messages := make([][]byte, n)
	for i := range messages {
		messages[i] = make([]byte, p.wireSize(size))
		p.put(messages[i], &pat)
		pat.next()
	}
	return messages
}

var framings = []Protocol{Raw, Frame, Line}

func TestRightRepliesAreRightInAnyPieces(t *testing.T) {
	for _, p := range framings {
		for _, size := range []int{1, 5, 16, 40} {
			stream := bytes.Join(wire(p, size, 3), nil)
			for i := range stream {
				for j := i; j < len(stream); j++ {
					if got := judge(newReplies(p, size), stream[:i], stream[i:j], stream[j:]); got != "rrr" {
						t.Fatalf("%s, %d bytes, split at %d and %d: %s", p, size, i, j, got)
					}
				}
			}
		}
	}
}

func TestWrongRepliesAreNoticedAndTheNextIsFound(t *testing.T) {
	const size = 20
	for _, p := range framings {
		ok := wire(p, size, 4)
		changed := bytes.Clone(ok[1])
		changed[p.wireSize(size)/2] ^= 1
		short, long := wire(p, size-1, 2)[1], wire(p, size+1, 2)[1]
		cases := map[string]struct {
			stream [][]byte
			want   string
		}{
			"swapped":      {[][]byte{ok[0], ok[2], ok[1], ok[3]}, "rwwr"},
			"one byte off": {[][]byte{ok[0], changed, ok[2]}, "rwr"},
			"repeated":     {[][]byte{ok[0], ok[0], ok[2]}, "rwr"},
		}
		if p != Raw { // which cannot tell where a reply of another length ends
			cases["too short"] = struct {
				stream [][]byte
				want   string
			}{[][]byte{ok[0], short, ok[2]}, "rwr"}
			cases["too long"] = struct {
				stream [][]byte
				want   string
			}{[][]byte{ok[0], long, ok[2]}, "rwr"}
		}
		for name, c := range cases {
			stream := bytes.Join(c.stream, nil)
			for i := range stream {
				r := newReplies(p, size)
				if got := judge(r, stream[:i], stream[i:]); got != c.want {
					t.Fatalf("%s, %s, split at %d: got %s, want %s", p, name, i, got, c.want)
				}
				if !strings.HasPrefix(r.why, "reply to request 1: ") {
					t.Fatalf("%s, %s: the example is %q", p, name, r.why)
				}
			}
		}
	}
}

func TestAMismatchShowsWhatCameAndWhatWasDue(t *testing.T) {
	for p, want := range map[Protocol]string{
		Raw:   `reply to request 0: byte 2 of 20 is wrong: got "aaXaaaaaaaaaz-9.aaaa", want "aaaaaaaaaaaaz-9.aaaa" (from byte 0)`,
		Frame: `reply to request 0: a frame of 21 bytes, want 20`,
		Line:  `reply to request 0: a line longer than 20 bytes`,
	} {
		b := wire(p, 20, 1)[0]
		switch p {
		case Raw:
			b[2] = 'X'
		case Frame:
			b[3]++
		case Line:
			b[20] = '!'
		}
		r := newReplies(p, 20)
		if judge(r, b); r.why != want {
			t.Errorf("%s: got %s\nwant %s", p, r.why, want)
		}
	}
}

// Whatever a server sends, judging it ends, keeps within the stream, and does not depend on how the stream was cut.
func FuzzReplies(f *testing.F) {
	for i, p := range framings {
		f.Add(uint8(i), uint8(20), bytes.Join(wire(p, 20, 3), nil), uint64(1))
		f.Add(uint8(i), uint8(3), bytes.Join(wire(p, 4, 3), nil), uint64(2))
	}
	f.Add(uint8(1), uint8(3), []byte{255, 255, 255, 255, 0}, uint64(3))
	f.Fuzz(func(t *testing.T, protocol, size uint8, stream []byte, seed uint64) {
		p := framings[int(protocol)%len(framings)]
		whole, cut := newReplies(p, 1+int(size)), newReplies(p, 1+int(size))
		want := judge(whole, stream)
		var pieces [][]byte
		for rest, rnd := stream, rand.New(rand.NewPCG(seed, 0)); len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		if got := judge(cut, pieces...); got != want {
			t.Fatalf("in pieces %q: %s, whole: %s", pieces, got, want)
		}
	})
}
