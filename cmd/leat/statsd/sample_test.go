package statsd

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestLinesAreRead(t *testing.T) {
	for line, want := range map[string]Sample{
		"a:1|c":                          {Kind: Counter, Value: 1, Rate: 1},
		"a:-3|c|@0.25":                   {Kind: Counter, Value: -3, Rate: .25},
		"a.b-c_d/e:1.5|g":                {Kind: Gauge, Value: 1.5, Rate: 1},
		"a:+1.5|g":                       {Kind: Gauge, Value: 1.5, Rate: 1, Delta: true},
		"a:-2|g":                         {Kind: Gauge, Value: -2, Rate: 1, Delta: true},
		"a:320|ms|@0.1":                  {Kind: Timer, Value: 320, Rate: .1},
		"a:1e3|h|#x:y":                   {Kind: Timer, Value: 1000, Rate: 1, Tags: []byte("x:y")},
		"a:.5|d|@1|#x,y:z|c:ci-1|e:it-2": {Kind: Timer, Value: .5, Rate: 1, Tags: []byte("x,y:z")},
		"a:bob|s":                        {Kind: Set, Member: []byte("bob"), Rate: 1},
		"a:1:2|s\r":                      {Kind: Set, Member: []byte("1:2"), Rate: 1},
		"a:9007199254740993|c":           {Kind: Counter, Value: 9007199254740992, Rate: 1}, // as a float64
		"a:1|g|card:low":                 {Kind: Gauge, Value: 1, Rate: 1},
	} {
		var got Sample
		n, err := Decoder{}.Decode([]byte(line+"\nnext:1|c"), &got)
		if err != nil || n != len(line)+1 {
			t.Errorf("%q: %d bytes, %v", line, n, err)
			continue
		}
		name, _, _ := strings.Cut(line, ":")
		if string(got.Name) != name || got.Kind != want.Kind || got.Value != want.Value || got.Rate != want.Rate || got.Delta != want.Delta ||
			string(got.Member) != string(want.Member) || string(got.Tags) != string(want.Tags) {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestWhatIsNoSampleHasAReason(t *testing.T) {
	for line, want := range map[string]Malformed{
		"nonsense": noColon, ":1|c": noName, strings.Repeat("n", 513) + ":1|c": longName, "a b:1|c": badName, "a\x01:1|c": badName,
		"a;b:1|c": badName, "a:1": noType, "a:1|": noType, "a:1|x": badType, "a:1|cc": badType, "a:|c": badValue, "a:x|c": badValue,
		"a:1x|g": badValue, "a:inf|g": badValue, "a:nan|g": badValue, "a:0x10|g": badValue, "a:1_0|c": badValue, "a:1e999|g": badValue,
		"a:|s": badValue, "a:1:2|c": severalValues, "a:1|c|@0": badRate, "a:1|c|@1.5": badRate, "a:1|c|@-1": badRate, "a:1|c|@": badRate,
		"a:1|c|#": badTags, "a:1|c|#a,,b": badTags, "a:1|c|#a,": badTags, "a:1|c|#:v": badTags, "a:1|c|#a b": badName,
		"a:1|c|#" + strings.TrimSuffix(strings.Repeat("t,", 33), ","): manyTags, "a:1|c|T1656581400": timed, "a:1|c|": badField,
		"a:1|c|z": badField, "_e{5,4}:title|text": event, "_sc|name|0": event, "a:--1|g": badValue, "a:1.2.3|g": badValue, "a: 1|g": badValue,
	} {
		var s Sample
		n, err := Decoder{}.Decode([]byte(line), &s)
		if m, ok := errors.AsType[Malformed](err); !ok || m != want || n != len(line) {
			t.Errorf("%q: %d bytes, %v; want %v", line, n, err, want)
		}
	}
	for m := range reasons {
		if m.Error() == "" {
			t.Errorf("reason %d has no sentence", m)
		}
	}
	var s Sample
	if n, err := (Decoder{}).Decode([]byte("\r\na:1|c"), &s); n != 2 || err != stage.ErrSkip {
		t.Errorf("an empty line: %d, %v", n, err)
	}
}

func TestTheOrderOfTagsDoesNotMatter(t *testing.T) {
	key := func(line string) (s Sample) {
		if _, err := (Decoder{}).Decode([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b, c := key("n:1|c|#x:1,y:2,z"), key("n:1|c|#z,x:1,y:2"), key("n:1|c|#z,x:1,y:3")
	if Key(&a) != Key(&b) || Key(&a) == Key(&c) {
		t.Errorf("keys %x %x %x", Key(&a), Key(&b), Key(&c))
	}
	x := newSeries(&a)
	if !x.is(&b) || x.is(&c) {
		t.Errorf("the same series %v, another one %v", x.is(&b), x.is(&c))
	}
	if g := key("n:1|g|#x:1,y:2,z"); x.is(&g) || Key(&g) == Key(&a) {
		t.Error("a gauge and a counter of one name are one series")
	}
}

func FuzzDecode(f *testing.F) {
	for _, line := range []string{
		"a:1|c", "a:1|c\nb:2|g\n", "a:-1.5e3|ms|@0.5|#x:y,z|c:q", "\r\n", "a:bob|s", "_e{1,1}:a|b", "a:1:2|h", "a:1|c|T1", "a:1|c|@", ":|", "a:1|c|#,", "a:0x1p4|g",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for rest := b; len(rest) > 0; {
			var s Sample
			n, err := Decoder{}.Decode(rest, &s)
			if n < 1 || n > len(rest) {
				t.Fatalf("%d of %d bytes", n, len(rest))
			}
			if err == nil {
				checkSample(t, rest[:n], &s)
			} else if _, ok := errors.AsType[Malformed](err); !ok && err != stage.ErrSkip {
				t.Fatalf("the error is %v", err)
			}
			rest = rest[n:]
		}
	})
}

// checkSample compares with strconv, and reads again what is written anew.
func checkSample(t *testing.T, line []byte, s *Sample) {
	if s.Kind > Set || len(s.Name) == 0 || !(s.Rate > 0 && s.Rate <= 1) || math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || !printable(s.Name) || !printable(s.Tags) {
		t.Fatalf("%q: %+v", line, s)
	}
	if s.Kind == Set {
		return
	}
	_, value, _ := strings.Cut(string(line), ":")
	value, _, _ = strings.Cut(value, "|")
	if want, err := strconv.ParseFloat(value, 64); err != nil || want != s.Value {
		t.Fatalf("%q: %v, want %v, %v", line, s.Value, want, err)
	}
}

func TestDecodingAllocatesNothing(t *testing.T) {
	b := []byte("some.name.of.a.metric:320.25|ms|@0.1|#host:a,zone:b\nusers:bob|s\nhits:1|c\nnonsense")
	stagetest.Allocs(t, 0, func() {
		for rest := b; len(rest) > 0; {
			var s Sample
			n, _ := Decoder{}.Decode(rest, &s)
			rest = rest[n:]
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, line := range []string{"hits:1|c", "some.name.of.a.metric:320.25|ms|@0.1|#host:a,zone:b"} {
		b.Run(line, func(b *testing.B) {
			text := []byte(line)
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				var s Sample
				if _, err := (Decoder{}).Decode(text, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
