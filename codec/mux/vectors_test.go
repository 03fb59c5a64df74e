package mux_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
)

type line struct {
	section, what string
	wire          []byte
	code          string // "" is ok
}

func vectors(t testing.TB) (all []line) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for l := range strings.Lines(string(text)) {
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		if l[0] == '[' {
			section = l
			continue
		}
		f := strings.Split(l, " | ")
		if len(f) != 3 {
			t.Fatalf("%q is not three fields", l)
		}
		wire, err := hex.DecodeString(f[0])
		code, bad := strings.CutPrefix(f[2], "error ")
		if err != nil || !bad && f[2] != "ok" {
			t.Fatalf("%q: %v", l, err)
		}
		if !bad {
			code = ""
		}
		all = append(all, line{section, f[1], wire, code})
	}
	if len(all) < 100 {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

func TestVectorsMeanWhatTheyShould(t *testing.T) {
	for _, v := range vectors(t) {
		var err error
		switch v.section {
		case "[preface]":
			err = preface(t, v.wire)
		case "[frames]":
			err = frame(t, v.wire, false)
		case "[checked]":
			err = frame(t, v.wire, true)
		default:
			t.Fatalf("no section %s", v.section)
		}
		var e *mux.Error
		switch {
		case v.code == "" && err != nil:
			t.Errorf("%s %s: %v", v.section, v.what, err)
		case v.code != "" && (!errors.As(err, &e) || e.Code.String() != v.code):
			t.Errorf("%s %s: got %v, want %s", v.section, v.what, err, v.code)
		}
	}
}

func preface(t *testing.T, wire []byte) error {
	p, err := mux.ParsePreface(wire)
	if err == nil && !bytes.Equal(p.Append(nil), wire) {
		t.Errorf("%x encodes to %x", wire, p.Append(nil))
	}
	return err
}

// frame decodes a frame with its payload, and compares it with what it encodes to.
func frame(t *testing.T, wire []byte, checked bool) error {
	t.Helper()
	f := mux.Format{Max: mux.DefaultSettings.MaxFrame, Checked: checked}
	if !checked && mux.ReadHeader(wire).Type() == mux.Setting {
		f.Max = mux.MostSettings
	}
	var v mux.Frame
	n, err := f.Decode(wire, &v)
	if err != nil {
		return err
	}
	if n != len(wire) {
		t.Fatalf("%x is %d bytes, took %d", wire, len(wire), n)
	}
	again, err := f.Append(nil, &v)
	if err != nil || !bytes.Equal(again, wire) {
		t.Errorf("%x encodes to %x, %v", wire, again, err)
	}
	again, exact, err := rebuild(t, &v, !checked)
	if err != nil {
		return err
	}
	if checked {
		again = mux.Seal(again, 0)
	}
	if exact && !bytes.Equal(again, wire) {
		t.Errorf("%x is appended as %x", wire, again)
	}
	return nil
}

// rebuild parses the payload and appends the frame anew; exact says that there is only one way to write it.
func rebuild(t *testing.T, v *mux.Frame, first bool) (b []byte, exact bool, err error) {
	s, p, flags := v.Header.Stream(), v.Payload, v.Header.Flags()&^mux.Checked
	switch v.Header.Type() {
	case mux.Data:
		return mux.AppendData(nil, s, flags, p), true, data(flags, p)
	case mux.Open:
		o, err := mux.ParseOpen(p, mux.DefaultSettings.MaxMetadata)
		if err != nil {
			return nil, false, err
		}
		b = mux.AppendOpen(nil, s, flags, &o)
		again, err := mux.ParseOpen(b[mux.HeaderSize:], mux.DefaultSettings.MaxMetadata)
		if !same(o, again) {
			t.Errorf("%+v became %+v", o, again)
		}
		return b, false, err
	case mux.Credit:
		total, err := mux.ParseCredit(p)
		return mux.AppendCredit(nil, s, total), true, err
	case mux.Reset:
		c, text := mux.ParseReason(p)
		return mux.AppendReset(nil, s, c, text), utf8.Valid(p[4:]), nil
	case mux.Stop:
		c, text := mux.ParseReason(p)
		return mux.AppendStop(nil, s, c, text), utf8.Valid(p[4:]), nil
	case mux.Priority:
		class, weight, err := mux.ParsePriority(p)
		return mux.AppendPriority(nil, s, class, weight), !bytes.Equal(p[2:], []byte{0, 0}), err
	case mux.Ping:
		return mux.AppendPing(nil, mux.ParsePing(p)), true, nil
	case mux.Pong:
		return mux.AppendPong(nil, mux.ParsePing(p)), true, nil
	case mux.GoAway:
		last, c, text := mux.ParseGoAway(p)
		return mux.AppendGoAway(nil, last, c, text), utf8.Valid(p[8:]), nil
	}
	return settings(t, p, first)
}

func same(a, b mux.Opening) bool {
	equal := bytes.Equal(a.Metadata, b.Metadata)
	a.Metadata, b.Metadata = nil, nil
	return equal && reflect.DeepEqual(a, b)
}

func settings(t *testing.T, p []byte, first bool) ([]byte, bool, error) {
	was := mux.DefaultSettings
	if !first {
		s, err := mux.ParseLaterSettings(p, was)
		if err != nil {
			return nil, false, err
		}
		b := mux.AppendSettings(nil, &s, &was, nil)
		if again, err := mux.ParseLaterSettings(b[mux.HeaderSize:], was); again != s || err != nil {
			t.Errorf("%+v became %+v, %v", s, again, err)
		}
		return b, false, nil
	}
	s, m, err := mux.ParseSettings(p, was, mux.MostSettings)
	if err != nil {
		return nil, false, err
	}
	b := mux.AppendSettings(nil, &s, &was, m)
	s2, m2, err := mux.ParseSettings(b[mux.HeaderSize:], was, mux.MostSettings)
	if s != s2 || !bytes.Equal(m, m2) {
		t.Errorf("%+v %q became %+v %q", s, m, s2, m2)
	}
	return b, false, err
}

func data(flags mux.Flags, p []byte) (err error) {
	if flags&mux.Compressed != 0 {
		if p, err = compress.NewReader(mux.DefaultSettings.MaxFrame, mux.S2|mux.Zstandard).Append(nil, p); err != nil {
			return err
		}
	}
	for flags&mux.Packed != 0 && len(p) > 0 {
		if _, p, err = mux.NextMessage(p); err != nil {
			return err
		}
	}
	return nil
}

func TestExamplesOfTheSpecificationAreVectors(t *testing.T) {
	text, err := os.ReadFile("../../docs/mux.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for _, v := range vectors(t) {
		if v.section != "[checked]" {
			known[hex.EncodeToString(v.wire)] = v.what
		}
	}
	_, examples, _ := strings.Cut(string(text), "## 11. Examples")
	n := 0
	for l := range strings.Lines(examples) {
		f := strings.Split(l, " | ")
		if len(f) != 2 || !strings.HasPrefix(f[0], "| `") {
			continue
		}
		n++
		wire := strings.ReplaceAll(strings.Trim(f[0], "| `"), " ", "")
		if what := strings.TrimSuffix(strings.TrimSpace(f[1]), " |"); known[wire] != what {
			t.Errorf("%s is %q in the specification and %q in the vectors", wire, what, known[wire])
		}
	}
	if n < 12 {
		t.Errorf("only %d examples were found", n)
	}
}
