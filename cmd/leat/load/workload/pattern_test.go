package workload

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// patternOf builds by definition what pattern.next arrives at by counting.
func patternOf(conn int, seq uint32) string {
	s, c := fmt.Sprintf("%08x", seq), fmt.Sprintf("%04x", conn)
	letter := func(hex byte) byte { return 'a' + byte(strings.IndexByte("0123456789abcdef", hex)) }
	var b []byte
	for i := range 4 {
		b = append(b, letter(s[7-i]), letter(c[3-i]))
	}
	for i := range 4 {
		b = append(b, letter(s[3-i]))
	}
	return string(b) + "z-9."
}

func TestPatternCountsTheRequestsOfItsConnection(t *testing.T) {
	const conn = 0xbeef
	lower, up := newPattern(conn, false), newPattern(conn, true)
	for seq := range uint32(70_000) {
		want := patternOf(conn, seq)
		if got := string(lower[:]); got != want+want {
			t.Fatalf("request %d: got %q, want %q twice", seq, got, want)
		}
		if got := string(up[:period]); got != strings.ToUpper(want) {
			t.Fatalf("request %d in upper case: got %q, want %q", seq, got, strings.ToUpper(want))
		}
		lower.next()
		up.next()
	}
}

func TestPatternReturnsToTheFirstRequestAfterTheLast(t *testing.T) {
	p := newPattern(1, true)
	for _, at := range seqAt {
		p[at], p[at+period] = 'P', 'P'
	}
	p.next()
	if p != newPattern(1, true) {
		t.Errorf("got %q", p[:])
	}
}

func TestPayloadMatchesInAnyPieces(t *testing.T) {
	p := newPattern(7, false)
	for size := 1; size < 80; size++ {
		b := make([]byte, size)
		p.fill(b)
		for from := range size {
			for to := from; to <= size; to++ {
				if !p.matches(b[from:to], from) {
					t.Fatalf("bytes %d to %d of %q do not match", from, to, b)
				}
			}
		}
	}
}

func TestOneWrongByteAnywhereIsNoticed(t *testing.T) {
	p := newPattern(7, false)
	for size := 1; size < 80; size++ {
		for at := range size {
			b := make([]byte, size)
			p.fill(b)
			b[at]++
			if p.matches(b, 0) {
				t.Fatalf("byte %d of %d was changed and matches", at, size)
			}
		}
	}
}

func TestPayloadsOfAWindowDifferAsFarAsTheyAreLong(t *testing.T) {
	for _, c := range []struct{ size, window int }{{1, 16}, {2, 16}, {3, 256}, {5, 4096}} {
		p, seen := newPattern(0, false), map[string]bool{}
		for range c.window {
			b := make([]byte, c.size)
			p.fill(b)
			if seen[string(b)] {
				t.Fatalf("two of %d payloads of %d bytes are %q", c.window, c.size, b)
			}
			seen[string(b)] = true
			p.next()
		}
	}
}

func TestUpperCaseLeavesWhatIsNoLetterAlone(t *testing.T) {
	low, up := newPattern(3, false), newPattern(3, true)
	b, want := make([]byte, 100), make([]byte, 100)
	low.fill(b)
	up.fill(want)
	if !bytes.Equal(bytes.ToUpper(b), want) || bytes.ContainsAny(b, "\r\n") {
		t.Errorf("got %q and %q", b, want)
	}
}
