package resp_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/leat-io/leat/codec/resp"
)

func TestAppendIsTheWireForm(t *testing.T) {
	before := func() []byte { return []byte("before|") }
	for _, test := range []struct {
		got  []byte
		want string
	}{
		{resp.AppendSimple(before(), "OK"), "+OK\r\n"},
		{resp.AppendSimple(before(), ""), "+\r\n"},
		{resp.AppendSimple(before(), "a\r\nb\nc\rd"), "+a  b c d\r\n"},
		{resp.AppendError(before(), "ERR no"), "-ERR no\r\n"},
		{resp.AppendError(before(), "ERR\r\n+OK\r\n"), "-ERR  +OK  \r\n"},
		{resp.AppendInt(before(), 0), ":0\r\n"},
		{resp.AppendInt(before(), 9), ":9\r\n"},
		{resp.AppendInt(before(), 10), ":10\r\n"},
		{resp.AppendInt(before(), -1), ":-1\r\n"},
		{resp.AppendInt(before(), math.MaxInt64), ":9223372036854775807\r\n"},
		{resp.AppendInt(before(), math.MinInt64), ":-9223372036854775808\r\n"},
		{resp.AppendBulk(before(), []byte("a\r\n\x00")), "$4\r\na\r\n\x00\r\n"},
		{resp.AppendBulk(before(), nil), "$0\r\n\r\n"},
		{resp.AppendBulkString(before(), "hello, world"), "$12\r\nhello, world\r\n"},
		{resp.AppendArray(before(), 0), "*0\r\n"},
		{resp.AppendArray(before(), 123), "*123\r\n"},
		{resp.AppendCommand(before(), "GET", "k"), "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"},
	} {
		if string(test.got) != "before|"+test.want {
			t.Errorf("got %q, want %q behind what was there", test.got, test.want)
		}
	}
}

func TestAppendDependsOnTheVersion(t *testing.T) {
	large, _ := new(big.Int).SetString("-1234567999999999999999999999999999999", 10)
	for _, test := range []struct {
		name         string
		f            func(resp.Version) []byte
		resp2, resp3 string
	}{
		{"null", func(v resp.Version) []byte { return v.AppendNull(nil) }, "$-1\r\n", "_\r\n"},
		{"null array", func(v resp.Version) []byte { return v.AppendNullArray(nil) }, "*-1\r\n", "_\r\n"},
		{"map", func(v resp.Version) []byte { return v.AppendMap(nil, 3) }, "*6\r\n", "%3\r\n"},
		{"set", func(v resp.Version) []byte { return v.AppendSet(nil, 3) }, "*3\r\n", "~3\r\n"},
		{"push", func(v resp.Version) []byte { return v.AppendPush(nil, 3) }, "*3\r\n", ">3\r\n"},
		{"true", func(v resp.Version) []byte { return v.AppendBool(nil, true) }, ":1\r\n", "#t\r\n"},
		{"false", func(v resp.Version) []byte { return v.AppendBool(nil, false) }, ":0\r\n", "#f\r\n"},
		{"big number", func(v resp.Version) []byte { return v.AppendBigNumber(nil, large) },
			"$38\r\n-1234567999999999999999999999999999999\r\n", "(-1234567999999999999999999999999999999\r\n"},
		{"small number", func(v resp.Version) []byte { return v.AppendBigNumber(nil, big.NewInt(math.MinInt64)) },
			"$20\r\n-9223372036854775808\r\n", "(-9223372036854775808\r\n"},
		{"verbatim", func(v resp.Version) []byte { return v.AppendVerbatim(nil, "mkd", []byte("# hi\r\n")) },
			"$6\r\n# hi\r\n\r\n", "=10\r\nmkd:# hi\r\n\r\n"},
		{"short format", func(v resp.Version) []byte { return v.AppendVerbatim(nil, "a", nil) }, "$0\r\n\r\n", "=4\r\na  :\r\n"},
		{"long format", func(v resp.Version) []byte { return v.AppendVerbatim(nil, "text", nil) }, "$0\r\n\r\n", "=4\r\ntex:\r\n"},
	} {
		for version, want := range map[resp.Version]string{0: test.resp2, resp.RESP2: test.resp2, resp.RESP3: test.resp3} {
			if got := string(test.f(version)); got != want {
				t.Errorf("%s in version %d is %q, want %q", test.name, version, got, want)
			}
		}
	}
}

func TestADoubleHasTheFewestDigits(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", -1.5: "-1.5", 3.141: "3.141", 0.1: "0.1", 1e5: "100000", 123456789012: "123456789012",
		1e16: "10000000000000000", 1e17: "1e+17", 1e300: "1e+300", 0.0001: "0.0001", 0.00001: "1e-05",
		math.Inf(1): "inf", math.Inf(-1): "-inf",
	} {
		if got := string(resp.RESP3.AppendDouble(nil, f)); got != ","+want+"\r\n" {
			t.Errorf("got %q, want %s", got, want)
		}
	}
	if got := string(resp.RESP3.AppendDouble(nil, math.Copysign(0, -1))); got != ",-0\r\n" {
		t.Errorf("got %q", got)
	}
	if got := string(resp.RESP2.AppendDouble(nil, math.NaN())); got != "$3\r\nnan\r\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzDouble(f *testing.F) {
	for _, n := range []float64{0, math.Copysign(0, -1), 1.5, 1e17, 1e-5, math.MaxFloat64, math.Inf(1), math.NaN()} {
		f.Add(math.Float64bits(n))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		want := math.Float64frombits(bits)
		for _, version := range []resp.Version{resp.RESP2, resp.RESP3} {
			wire := version.AppendDouble(nil, want)
			got, ok := valueOf(t, string(wire)).Float()
			if !ok || math.Float64bits(got) != bits && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%g is %q and comes back as %g, %v", want, wire, got, ok)
			}
		}
	})
}
