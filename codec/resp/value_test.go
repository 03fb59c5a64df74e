package resp_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
)

// valueOf decodes one reply.
func valueOf(t testing.TB, wire string) resp.Value {
	t.Helper()
	var m resp.Message
	if n, err := resp.Reply(resp.Limits{}).Decode([]byte(wire), &m); n != len(wire) || err != nil {
		t.Fatalf("%q: decoded %d bytes, %v", wire, n, err)
	}
	return m.Value()
}

// shown writes a value with all that can be asked of it.
func shown(v resp.Value) string {
	var b strings.Builder
	for key, value := range v.Attributes() {
		fmt.Fprintf(&b, "{%s: %s}", shown(key), shown(value))
	}
	switch kind := v.Kind(); kind {
	case resp.KindNull:
		b.WriteString("null")
	case resp.KindBool:
		is, _ := v.Bool()
		fmt.Fprint(&b, is)
	case resp.KindInteger:
		n, _ := v.Int()
		fmt.Fprint(&b, n)
	case resp.KindDouble:
		f, _ := v.Float()
		fmt.Fprintf(&b, "%g", f)
	case resp.KindVerbatim:
		fmt.Fprintf(&b, "%s:%q", v.Format(), v.Str())
	case resp.KindArray, resp.KindMap, resp.KindSet, resp.KindPush:
		var all []string
		for e := range v.Elements() {
			all = append(all, shown(e))
		}
		fmt.Fprintf(&b, "%c%d[%s]", kind, v.Len(), strings.Join(all, " "))
	default:
		fmt.Fprintf(&b, "%c%q", kind, v.Str())
	}
	return b.String()
}

func TestAValueIsWhatTheWireSays(t *testing.T) {
	for _, test := range []struct{ wire, want string }{
		{"+OK\r\n", `+"OK"`},
		{"+\r\n", `+""`},
		{"-ERR no\r\n", `-"ERR no"`},
		{":-42\r\n", `-42`},
		{":9223372036854775807\r\n", `9223372036854775807`},
		{":-9223372036854775808\r\n", `-9223372036854775808`},
		{"$0\r\n\r\n", `$""`},
		{"$4\r\n\r\n\x00\xff\r\n", `$"\r\n\x00\xff"`},
		{"$12\r\nhello, world\r\n", `$"hello, world"`},
		{"$-1\r\n", `null`},
		{"*-1\r\n", `null`},
		{"_\r\n", `null`},
		{"*0\r\n", `*0[]`},
		{"*3\r\n*1\r\n:1\r\n*0\r\n$-1\r\n", `*3[*1[1] *0[] null]`},
		{"*2\r\n*2\r\n*-1\r\n+x\r\n+y\r\n", `*2[*2[null +"x"] +"y"]`},
		{"#t\r\n", `true`},
		{"#f\r\n", `false`},
		{",1.25E-07\r\n", `1.25e-07`},
		{",-inf\r\n", `-Inf`},
		{",+inf\r\n", `+Inf`},
		{",nan\r\n", `NaN`},
		{",-nan\r\n", `NaN`},
		{"(-3492890328409238509324850943850943825024385\r\n", `("-3492890328409238509324850943850943825024385"`},
		{"!5\r\nE\r\nno\r\n", `!"E\r\nno"`},
		{"=8\r\nmkd:# hi\r\n", `mkd:"# hi"`},
		{"=4\r\ntxt:\r\n", `txt:""`},
		{"%2\r\n+a\r\n*1\r\n_\r\n$1\r\nb\r\n%0\r\n", `%4[+"a" *1[null] $"b" %0[]]`},
		{"~2\r\n#t\r\n,1.5\r\n", `~2[true 1.5]`},
		{">2\r\n+message\r\n$1\r\nx\r\n", `>2[+"message" $"x"]`},
		{"|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n", `{+"ttl": 3}$"v"`},
		{"|0\r\n+OK\r\n", `+"OK"`},
		{"|2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n|1\r\n+c\r\n:3\r\n_\r\n", `{+"a": 1}{+"b": *1[2]}{+"c": 3}null`},
		{"*2\r\n|1\r\n+ttl\r\n:3\r\n+a\r\n+b\r\n", `*2[{+"ttl": 3}+"a" +"b"]`},
		{"|1\r\n|1\r\n+x\r\n+y\r\n+k\r\n*1\r\n_\r\n*1\r\n:1\r\n", `{{+"x": +"y"}+"k": *1[null]}*1[1]`},
	} {
		if got := shown(valueOf(t, test.wire)); got != test.want {
			t.Errorf("%q is shown as %s, want %s", test.wire, got, test.want)
		}
	}
}

func TestWhatAValueIsNotIsFalse(t *testing.T) {
	for _, wire := range each {
		v := valueOf(t, wire)
		kind := v.Kind()
		if n, ok := v.Int(); ok != (kind == resp.KindInteger) || !ok && n != 0 {
			t.Errorf("%q: Int gives %d, %v", wire, n, ok)
		}
		if _, ok := v.Bool(); ok != (kind == resp.KindBool || wire == ":0\r\n") {
			t.Errorf("%q: Bool gives %v", wire, ok)
		}
		if (v.Format() != nil) != (kind == resp.KindVerbatim) {
			t.Errorf("%q: Format gives %q", wire, v.Format())
		}
		if (v.Str() == nil) != strings.ContainsRune("_#*%~>", rune(kind)) {
			t.Errorf("%q: Str gives %q", wire, v.Str())
		}
		if v.IsError() != (kind == resp.KindError || kind == resp.KindBulkError) || v.IsNull() != (kind == resp.KindNull) {
			t.Errorf("%q: IsError gives %v and IsNull %v", wire, v.IsError(), v.IsNull())
		}
		if v.Len() > 0 && !strings.ContainsRune("*%~>", rune(kind)) {
			t.Errorf("%q: Len gives %d", wire, v.Len())
		}
	}
}

func TestAValueOfRESP2MeansWhatRESP3Sends(t *testing.T) {
	for _, version := range []resp.Version{resp.RESP2, resp.RESP3} {
		for _, f := range []float64{0, 1, -1.5, 3.141, 1e300, math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, math.MaxFloat64} {
			wire := string(version.AppendDouble(nil, f))
			if got, ok := valueOf(t, wire).Float(); got != f || !ok {
				t.Errorf("%q: got %g, %v, want %g", wire, got, ok, f)
			}
		}
		if f, ok := valueOf(t, string(version.AppendDouble(nil, math.NaN()))).Float(); !ok || !math.IsNaN(f) {
			t.Errorf("RESP%d: NaN comes back as %g, %v", version, f, ok)
		}
		for _, is := range []bool{false, true} {
			if got, ok := valueOf(t, string(version.AppendBool(nil, is))).Bool(); got != is || !ok {
				t.Errorf("RESP%d: %v comes back as %v, %v", version, is, got, ok)
			}
		}
	}
	for wire, want := range map[string]bool{
		":2\r\n": true, "(12\r\n": true, "$1\r\n7\r\n": true, "$3\r\nabc\r\n": false, "$0\r\n\r\n": false, "+1e400\r\n": false,
		"-1\r\n": false, "_\r\n": false, "*1\r\n:1\r\n": false,
	} {
		if f, ok := valueOf(t, wire).Float(); ok != want {
			t.Errorf("%q: Float gives %g, %v", wire, f, ok)
		}
	}
	if is, ok := valueOf(t, ":2\r\n").Bool(); is || ok {
		t.Errorf("2 is taken for %v", is)
	}
}

func TestTheZeroValueIsANull(t *testing.T) {
	v := (&resp.Message{}).Value()
	if !v.IsNull() || v.Kind() != resp.KindNull || v.Str() != nil || v.Len() != 0 || v.IsError() || v.Raw() != nil {
		t.Errorf("the value of an empty message is %s", shown(v))
	}
}

func TestIterationStopsWhereItIsLeft(t *testing.T) {
	v := valueOf(t, "|2\r\n+a\r\n:1\r\n+b\r\n:2\r\n*3\r\n:1\r\n:2\r\n:3\r\n")
	var got []string
	for key := range v.Attributes() {
		got = append(got, shown(key))
		break
	}
	for e := range v.Elements() {
		if got = append(got, shown(e)); shown(e) == "2" {
			break
		}
	}
	if s := strings.Join(got, " "); s != `+"a" 1 2` {
		t.Errorf("got %s", s)
	}
}

func TestAPushIsToldFromAReply(t *testing.T) {
	for wire, want := range map[string]bool{
		">1\r\n+hi\r\n": true, "|1\r\n+a\r\n:1\r\n>1\r\n+hi\r\n": true, "": false, "+OK\r\n": false,
		"*1\r\n>0\r\n": false, "|1\r\n>0\r\n>0\r\n+OK\r\n": false,
	} {
		if got := (&resp.Message{Raw: []byte(wire)}).Push(); got != want {
			t.Errorf("%q: Push gives %v", wire, got)
		}
	}
}

// A slice of a value must not grow over what follows it.
func TestSlicesOfAValueEndInTheirCapacity(t *testing.T) {
	for _, wire := range each {
		v := valueOf(t, wire)
		for _, b := range [][]byte{v.Raw(), v.Str(), v.Format()} {
			if cap(b) != len(b) {
				t.Errorf("%q: a slice of %d bytes has a capacity of %d", wire, len(b), cap(b))
			}
		}
	}
}

// rebuilt is the wire form of v, put together from what the cursor finds.
func rebuilt(b []byte, v resp.Value) []byte {
	n := v.Len()
	switch kind := v.Kind(); kind {
	case resp.KindMap:
		n /= 2
		fallthrough
	case resp.KindArray, resp.KindSet, resp.KindPush:
		b = fmt.Appendf(b, "%c%d\r\n", kind, n)
		for e := range v.Elements() {
			b = rebuilt(b, e)
		}
		return b
	}
	return append(b, v.Raw()...)
}

// Whatever is found valid can be walked, to its end and no further.
func FuzzValue(f *testing.F) {
	for _, wire := range each {
		f.Add([]byte(wire))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		var m resp.Message
		n, err := resp.Reply(resp.Limits{}).Decode(wire, &m)
		if n <= 0 || err != nil {
			return
		}
		v := m.Value()
		if all, bare := shown(v), shown(valueOf(t, string(v.Raw()))); !strings.HasSuffix(all, bare) {
			t.Fatalf("%q without its attributes is %s, and with them %s", m.Raw, bare, all)
		}
		if !bytes.HasSuffix(m.Raw, v.Raw()) {
			t.Fatalf("%q ends with the value %q", m.Raw, v.Raw())
		}
		if got := rebuilt(nil, v); bytes.IndexByte(m.Raw, '|') < 0 && !bytes.Equal(got, m.Raw) {
			t.Fatalf("%q has the elements of %q", m.Raw, got)
		}
	})
}
