package mux_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestLongTextsAreCutBetweenRunes(t *testing.T) {
	for _, long := range []string{strings.Repeat("x", 2000), strings.Repeat("ü", 1000), "x" + strings.Repeat("ü", 1000), strings.Repeat("€", 500), "x" + strings.Repeat("😀", 400)} {
		_, text := mux.ParseReason(mux.AppendReset(nil, 1, mux.Cancelled, long)[mux.HeaderSize:])
		if len(text) > mux.MostText || len(text) < mux.MostText-3 || !utf8.ValidString(text) || !strings.HasPrefix(long, text) {
			t.Errorf("%d bytes of text, %q at the end", len(text), text[len(text)-4:])
		}
	}
}

func TestTimeoutsAreRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{
		-1: 0, 0: 0, 1: time.Millisecond, time.Millisecond: time.Millisecond, time.Millisecond + 1: 2 * time.Millisecond,
		math.MaxInt64: math.MaxUint32 * time.Millisecond,
	} {
		b := mux.AppendOpen(nil, 1, 0, &mux.Opening{Messages: true, Timeout: d})
		if o, err := mux.ParseOpen(b[mux.HeaderSize:], 0); err != nil || o.Timeout != want {
			t.Errorf("%v became %v, %v", d, o.Timeout, err)
		}
	}
}

func TestMetadataIsFoundByName(t *testing.T) {
	m := mux.AppendPair(mux.AppendPair(nil, ":method", []byte("add")), "n", nil)
	m = mux.AppendPair(m, "n", []byte("second"))
	if v, ok := m.Get("n"); !ok || len(v) != 0 {
		t.Errorf("%q, %v", v, ok)
	}
	if v, ok := m.Get("absent"); ok {
		t.Errorf("%q", v)
	}
	n := 0
	for range m.All() {
		n++
	}
	if n != 3 {
		t.Errorf("%d pairs", n)
	}
}

func TestSidesAgreeOnTheLesserVersion(t *testing.T) {
	v, f, err := mux.Negotiate(mux.Preface{Low: 1, High: 3, Features: 7}, mux.Preface{Low: 2, High: 2, Features: mux.S2 | 8})
	if v != 2 || f != mux.S2 || err != nil {
		t.Error(v, f, err)
	}
	if _, _, err := mux.Negotiate(mux.Preface{Low: 1, High: 1}, mux.Preface{Low: 2, High: 2}); !errors.Is(err, &mux.Error{Code: mux.Protocol}) {
		t.Error(err)
	}
}

func TestLaterSettingsChangeTwoThings(t *testing.T) {
	was := mux.DefaultSettings
	s := was
	s.MaxStreams, s.Keepalive = 3, 0
	got, err := mux.ParseLaterSettings(mux.AppendSettings(nil, &s, &was, nil)[mux.HeaderSize:], was)
	if got != s || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	s.MaxFrame = 1 << 14
	for _, b := range [][]byte{mux.AppendSettings(nil, &s, &was, nil), mux.AppendSettings(nil, &was, &was, mux.AppendPair(nil, "n", nil))} {
		if _, err := mux.ParseLaterSettings(b[mux.HeaderSize:], was); !errors.Is(err, &mux.Error{Code: mux.Protocol}) {
			t.Errorf("%x: %v", b, err)
		}
	}
	s.StreamWindow = -1
	if s.Check() == nil || was.Check() != nil {
		t.Error(s.Check(), was.Check())
	}
}

func TestNothingIsAllocated(t *testing.T) {
	buf, payload := make([]byte, 0, 8192), make([]byte, 4096)
	m := mux.AppendPair(mux.AppendPair(nil, ":method", []byte("add")), "n", []byte("v"))
	o := mux.Opening{Messages: true, Metadata: m}
	r := mux.Reassembler{Max: 100}
	in, half := []byte("\x02hi"), []byte("\x04ha")
	f := mux.Format{Max: 1 << 20, Checked: true}
	var v mux.Frame
	stagetest.Allocs(t, 0, func() {
		b := mux.Seal(mux.AppendData(buf, 1, 0, payload), 0)
		if _, err := f.Decode(b, &v); err != nil {
			t.Fatal(err)
		}
		b = mux.AppendOpen(buf, 1, 0, &o)
		p, err := mux.ParseOpen(b[mux.HeaderSize:], 1000)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := p.Metadata.Get("n"); !ok {
			t.Fatal("no n")
		}
		_, _, _ = r.Next(in)
		_, _, _ = r.Next(half)
		if got, _, _ := r.Next(in[1:]); string(got) != "hahi" {
			t.Fatalf("%q", got)
		}
		s := mux.DefaultSettings
		s.MaxFrame++
		b = mux.AppendSettings(buf, &s, &mux.DefaultSettings, m)
		if _, _, err := mux.ParseSettings(b[mux.HeaderSize:], s, 1000); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzPreface(f *testing.F) {
	f.Add(mux.Preface{Low: 1, High: 1, Features: 7}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= mux.PrefaceSize {
			_ = preface(t, b[:mux.PrefaceSize])
		}
	})
}

func FuzzSettings(f *testing.F) {
	seeds(f, mux.Setting)
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) >= 2 {
			for _, first := range []bool{true, false} {
				if b, _, err := settings(t, p, first); b != nil && err != nil {
					t.Errorf("SETTINGS of %x are written as %x, which is refused: %v", p, b, err)
				}
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	seeds(f, mux.Open)
	f.Fuzz(func(t *testing.T, p []byte) {
		b, _, err := rebuild(t, &mux.Frame{Header: mux.NewHeader(len(p), mux.Open, 0, 1), Payload: p}, true)
		if b != nil && err != nil {
			t.Errorf("OPEN of %x is written as %x, which is refused: %v", p, b, err)
		}
	})
}

// seeds adds the payloads of the vectors of a type.
func seeds(f *testing.F, of mux.Type) {
	for _, v := range vectors(f) {
		if v.section == "[frames]" && mux.ReadHeader(v.wire).Type() == of {
			f.Add(v.wire[mux.HeaderSize:])
		}
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte("\x01n\x01v"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := mux.ParseMetadata(b, 1000)
		if err != nil {
			return
		}
		var again mux.Metadata
		for name, value := range m.All() {
			again = mux.AppendPair(again, string(name), value)
		}
		if string(again) != string(b) {
			t.Fatalf("%x is appended as %x", b, again)
		}
	})
}
