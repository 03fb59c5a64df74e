package kv

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/cmd/leat/dialect"
)

func TestKeysAreFoundByPattern(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		c := dial(t, "tcp", address)
		c.ask("MSET user:1 a user:2 b order:1 c", "+OK", "KEYS order:*", "*1 $7 order:1", "KEYS none*", "*0", "RANDOMKEY x",
			"-ERR wrong number of arguments for 'randomkey' command", "TYPE user:1", "+string", "TYPE none", "+none")
		c.send("KEYS user:?", "RANDOMKEY")
		got := strings.Fields(c.reply())
		slices.Sort(got)
		if want := []string{"$6", "$6", "*2", "user:1", "user:2"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := c.reply(); !strings.HasPrefix(got, "$6 user:") && got != "$7 order:1" {
			t.Errorf("a random key is %q", got)
		}
		c.ask("FLUSHALL", "+OK", "RANDOMKEY", "$-1", "DBSIZE", ":0")
	})
}

// Whatever comes and goes meanwhile, what is there all the time is found, and once.
func TestAScanFindsEachKeyOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		c := dial(t, "tcp", address)
		const keys = 2000
		for i := range keys {
			c.send(fmt.Sprintf("SET stays:%d x", i))
		}
		for range keys {
			c.reply()
		}
		found := map[string]int{}
		cursor := "0"
		for calls := 0; ; calls++ {
			c.send(fmt.Sprintf("SET passing:%d x", calls), "SCAN "+cursor+" MATCH stays:* COUNT 50", fmt.Sprintf("DEL passing:%d", calls))
			c.reply()
			reply := strings.Fields(c.reply())
			c.reply()
			cursor = reply[2]
			for i := 5; i < len(reply); i += 2 {
				found[reply[i]]++
			}
			if cursor == "0" {
				break
			}
			if calls > stageCalls {
				t.Fatal("the scan does not end")
			}
		}
		if len(found) != keys {
			t.Errorf("%d of %d keys were found", len(found), keys)
		}
		for k, n := range found {
			if n != 1 {
				t.Errorf("%s was found %d times", k, n)
			}
		}
		c.ask("SCAN x", "-ERR invalid cursor", "SCAN 0 COUNT", "-"+dialect.Syntax, "SCAN 0 COUNT 0", "-"+dialect.Syntax, "SCAN 0 COUNT x", "-"+dialect.Integer,
			"SCAN 99999 COUNT 10", "*2 $1 0 *0", "SCAN 0 TYPE list COUNT 10000", "*2 $1 0 *0")
	})
}

// stageCalls is more calls than a scan can take: each visits a partition at least.
const stageCalls = 257

func TestGlobsMatchAsInRedis(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"*", "", true}, {"*", "anything", true}, {"a*c", "abbc", true}, {"a*c", "abbd", false},
		{"?", "", false}, {"?", "a", true}, {"h?llo", "hello", true}, {"h[ae]llo", "hallo", true}, {"h[ae]llo", "hillo", false},
		{"h[^e]llo", "hallo", true}, {"h[^e]llo", "hello", false}, {"h[a-c]llo", "hbllo", true}, {"h[c-a]llo", "hbllo", true}, {"h[a-c]llo", "hdllo", false},
		{`h\*llo`, "h*llo", true}, {`h\*llo`, "hello", false}, {`a\`, `a\`, true}, {"[abc", "b", true}, {"[", "a", false}, {`[\]]`, "]", true},
		{"**a**b", "xxaxxb", true}, {"a*a*a*a*a*b", strings.Repeat("a", 100), false}, {"*.txt", "a.txt.txt", true},
	} {
		if got := match([]byte(c.pattern), c.s); got != c.want {
			t.Errorf("%q like %q: %v", c.s, c.pattern, got)
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add([]byte("a*[b-d]?\\x"), "abc")
	f.Fuzz(func(t *testing.T, pattern []byte, s string) {
		if got := match(pattern, s); len(pattern) <= 10 && len(s) <= 10 && got != likes(pattern, s) {
			t.Errorf("%q and %q: %v", pattern, s, got)
		}
		quoted := ""
		for i := range len(s) {
			quoted += `\` + s[i:i+1]
		}
		if !match([]byte(quoted), s) || !match([]byte(quoted+"*"), s+"more") || !match([]byte("*"+quoted), "before"+s) {
			t.Errorf("%q does not match itself", s)
		}
		if match([]byte(quoted), s+"x") {
			t.Errorf("%q matches more than itself", s)
		}
	})
}

// likes is match with every way of every star tried.
func likes(pattern []byte, s string) bool {
	switch {
	case len(pattern) == 0:
		return s == ""
	case pattern[0] == '*':
		return likes(pattern[1:], s) || s != "" && likes(pattern, s[1:])
	case s == "":
		return false
	}
	n, fits := one(pattern, s[0])
	return fits && likes(pattern[n:], s[1:])
}

func TestIntegersAreReadAsStrictlyAsRedisDoes(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "1": 1, "-1": -1, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63} {
		if n, good := integerOf([]byte(s)); n != want || !good {
			t.Errorf("%q is %d, %v", s, n, good)
		}
	}
	for _, s := range []string{"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "-9223372036854775809", "99999999999999999999"} {
		if n, good := integerOf([]byte(s)); good {
			t.Errorf("%q is taken for %d", s, n)
		}
	}
}

// Numbers with exponents that no long double has are refused, and at once: the text of one would take minutes.
func TestFloatsThatAreTooLargeOrTooSmallAreRefused(t *testing.T) {
	for s, want := range map[string]string{
		"1e-600000000": "", "1e600000000": "", "1e-5000": "", "1e5000": "", "nan": "", "": "", "1_0": "", "0b1": "", "1e": "", "--1": "",
		"1p5": "", "1e-700000000": "", "1e700000000": "", "0x1p-700000000": "", "0e-700000000": "0", "0.0e700000000": "0", "-inf": "-Inf",
		"0": "0", "-0": "0", "0x10": "16", "0x1p-2": "0.25", "1e-4000": "0", "3.0e3": "3000", ".5": "0.5", "+2": "2",
	} {
		f, good := floatOf([]byte(s))
		if good != (want != "") {
			t.Errorf("%q is a float: %v", s, good)
			continue
		}
		if good && floatText(f) != want {
			t.Errorf("%q is %s, want %s", s, floatText(f), want)
		}
	}
}

func FuzzFloat(f *testing.F) {
	f.Add([]byte("1e-600000000"))
	f.Add([]byte("0x1p-16445"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, good := floatOf(b); good && !v.IsInf() {
			if _, again := floatOf([]byte(floatText(v))); !again {
				t.Errorf("%q is %q, which is not a float", b, floatText(v))
			}
		}
	})
}
