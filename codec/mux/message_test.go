package mux_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/mux"
)

// play gives r a payload in pieces of at most n bytes and returns copies of the messages.
func play(r *mux.Reassembler, wire []byte, n int) (all []string, err error) {
	for len(wire) > 0 {
		p := wire[:min(n, len(wire))]
		wire = wire[len(p):]
		for {
			m, rest, err := r.Next(p)
			if err != nil {
				return all, err
			}
			if m == nil {
				break
			}
			all, p = append(all, string(m)), rest
		}
	}
	return all, r.End()
}

func TestMessagesComeWholeHoweverTheyWereDivided(t *testing.T) {
	want := []string{"", "x", strings.Repeat("y", 127), strings.Repeat("z", 128), "", strings.Repeat("w", 70_000), "end"}
	var wire []byte
	for _, m := range want {
		wire = mux.AppendMessage(wire, []byte(m))
	}
	for _, n := range []int{1, 2, 3, 7, 100, 1000, len(wire)} {
		got, err := play(&mux.Reassembler{Max: 70_000}, wire, n)
		if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("pieces of %d: %d messages, %v", n, len(got), err)
		}
	}
}

func TestMessagesInOnePayloadAreNotCopied(t *testing.T) {
	r, p := mux.Reassembler{Max: 10}, []byte("\x02hi\x03you")
	m, rest, err := r.Next(p)
	if err != nil || &m[0] != &p[1] || cap(m) != 2 || string(rest) != "\x03you" {
		t.Errorf("%q, %q, %v", m, rest, err)
	}
}

func TestReassemblerRefuses(t *testing.T) {
	for wire, code := range map[string]mux.Code{
		"\x0b": mux.TooLarge, "\xff\xff\xff\xff\x0f": mux.TooLarge, "\x0bhello worlds": mux.TooLarge, "\x80\x00": mux.Malformed,
		"\xff\xff\xff\xff\x1f": mux.Malformed, "\x02h": mux.Malformed, "\x80": mux.Malformed,
	} {
		for _, n := range []int{1, 100} {
			if got, err := play(&mux.Reassembler{Max: 10}, []byte(wire), n); !errors.Is(err, &mux.Error{Code: code}) {
				t.Errorf("%q in pieces of %d: %q, %v, want %v", wire, n, got, err, code)
			}
		}
	}
}

func FuzzReassembler(f *testing.F) {
	f.Add([]byte("\x02hi\x00\x03you"), uint8(2))
	f.Add([]byte("\x80\x01"), uint8(1))
	f.Add([]byte("\xff\xff\xff\xff\x0f"), uint8(3))
	f.Fuzz(func(t *testing.T, wire []byte, n uint8) {
		want, wantErr := play(&mux.Reassembler{Max: 300}, wire, len(wire)+1)
		got, err := play(&mux.Reassembler{Max: 300}, wire, int(n)+1)
		if strings.Join(got, "|") != strings.Join(want, "|") || !errors.Is(err, wantErr) {
			t.Fatalf("%q, %v in pieces and %q, %v in one", got, err, want, wantErr)
		}
		if err != nil {
			return
		}
		var again []byte
		for _, m := range got {
			again = mux.AppendMessage(again, []byte(m))
		}
		if !bytes.Equal(again, wire) {
			t.Fatalf("%x is appended as %x", wire, again)
		}
	})
}
