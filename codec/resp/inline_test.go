package resp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leat-io/leat/stage"
)

// splitArgs is sdssplitargs of redis (sds.c), statement by statement. Like a string of C the line ends at its first NUL.
func splitArgs(line string) (args []string, ok bool) {
	line, _, _ = strings.Cut(line, "\x00")
	at := func(i int) byte {
		if i < len(line) {
			return line[i]
		}
		return 0
	}
	isSpace := func(c byte) bool { return c != 0 && strings.IndexByte(" \t\n\v\f\r", c) >= 0 }
	isHex := func(c byte) bool { return c != 0 && strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }
	p := 0
	for {
		for isSpace(at(p)) {
			p++
		}
		if at(p) == 0 {
			return args, true
		}
		var current []byte
		for inq, insq, done := false, false, false; !done; {
			switch c := at(p); {
			case inq:
				switch {
				case c == '\\' && at(p+1) == 'x' && isHex(at(p+2)) && isHex(at(p+3)):
					var b byte
					fmt.Sscanf(line[p+2:p+4], "%x", &b)
					current = append(current, b)
					p += 3
				case c == '\\' && at(p+1) != 0:
					p++
					if i := strings.IndexByte("nrtba", at(p)); i >= 0 {
						current = append(current, "\n\r\t\b\a"[i])
					} else {
						current = append(current, at(p))
					}
				case c == '"':
					if at(p+1) != 0 && !isSpace(at(p+1)) {
						return nil, false
					}
					done = true
				case c == 0:
					return nil, false
				default:
					current = append(current, c)
				}
			case insq:
				switch {
				case c == '\\' && at(p+1) == '\'':
					p++
					current = append(current, '\'')
				case c == '\'':
					if at(p+1) != 0 && !isSpace(at(p+1)) {
						return nil, false
					}
					done = true
				case c == 0:
					return nil, false
				default:
					current = append(current, c)
				}
			case c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0:
				done = true
			case c == '"':
				inq = true
			case c == '\'':
				insq = true
			default:
				current = append(current, c)
			}
			if at(p) != 0 {
				p++
			}
		}
		args = append(args, string(current))
	}
}

// splitLine is what a request on this line has as arguments.
func splitLine(line string) (args []string, ok bool) {
	d := Request(Limits{Inline: 1 << 20}).NewDecoder()
	var c Command
	n, err := d.Decode([]byte(line+"\n"), &c)
	switch {
	case err == ErrQuotes:
		return nil, false
	case err == stage.ErrSkip && n == len(line)+1: // nothing in it
		return nil, true
	case err != nil || n != len(line)+1:
		panic(fmt.Sprintf("%q: decoded %d bytes, %v", line, n, err))
	}
	for i := range c.Len() {
		args = append(args, string(c.Arg(i)))
	}
	return args, true
}

func TestALineIsSplitAtBlanksAndQuotes(t *testing.T) {
	for _, test := range []struct {
		line string
		want string // in the form of %q, or nothing for quotes that are not balanced
	}{
		{``, `[]`},
		{" \t\v\f\r", `[]`},
		{`a b`, `["a" "b"]`},
		{"  a\t\tb\r", `["a" "b"]`},
		{"\va\vb\fc d", `["a\vb\fc" "d"]`},
		{`""`, `[""]`},
		{`"" '' a`, `["" "" "a"]`},
		{`"a b" 'c d'`, `["a b" "c d"]`},
		{`a"b c"`, `["ab c"]`},
		{`a'b c'`, `["ab c"]`},
		{`"\n\r\t\b\a\\\"\q"`, `["\n\r\t\b\a\\\"q"]`},
		{`"\x41\x0a\xFf"`, `["A\n\xff"]`},
		{`"\x4"`, `["x4"]`},
		{`"\x4g"`, `["x4g"]`},
		{`"\x"`, `["x"]`},
		{`'\x41\n\'\\ '`, `["\\x41\\n'\\\\ "]`},
		{`'a\\'`, ``}, // the second \ quotes the quote
		{`a\x41\"`, ``},
		{`a\x41\n`, `["a\\x41\\n"]`},
		{"\"a\"\vb", `["a" "b"]`},
		{"'a'\fb", `["a" "b"]`},
		{`it's`, ``},
		{`"a`, ``},
		{`"a\"`, ``},
		{`"a\`, ``},
		{`'a\'`, ``},
		{`"a"b`, ``},
		{`"a""b"`, ``},
		{`'a'"b"`, ``},
		{`a b "`, ``},
	} {
		args, ok := splitLine(test.line)
		got := ""
		if ok {
			got = fmt.Sprintf("%q", args)
		}
		if got != test.want {
			t.Errorf("%q is split into %s, want %s", test.line, got, test.want)
		}
	}
}

func FuzzInline(f *testing.F) {
	for _, line := range []string{"", "a b c d e f g h", `SET k "a b"`, `'it\'s' "\x41\n\q"`, `a"b"c`, "\va\v\"\x80\"\f", `"a\`, `"\x4`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\x00\n") || strings.HasPrefix(line, "*") || len(line) > 1<<16 {
			return
		}
		got, ok := splitLine(line)
		want, wantOK := splitArgs(strings.TrimSuffix(line, "\r"))
		if ok != wantOK || !slices.Equal(got, want) {
			t.Fatalf("%q is split into %q, %v, and by redis into %q, %v", line, got, ok, want, wantOK)
		}
	})
}

// Any argument can be sent in quotes, so that the two are inverses.
func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"", "a", "a b", "it's", `\x41`, "\x00\r\n\t\b\a\"\\\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1<<16 {
			return // written in hexadecimal it would be longer than a line may be
		}
		var double, single strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&double, `\x%02x`, c)
		}
		single.WriteString(strings.ReplaceAll(s, "'", `\'`))
		if got, ok := splitLine(`"` + double.String() + `"`); !ok || !slices.Equal(got, []string{s}) {
			t.Fatalf("%q in double quotes comes back as %q, %v", s, got, ok)
		}
		if strings.ContainsAny(s, "\x00\n") || strings.HasSuffix(s, `\`) {
			return // single quotes cannot hold these
		}
		if got, ok := splitLine("'" + single.String() + "'"); !ok || !slices.Equal(got, []string{s}) {
			t.Fatalf("%q in single quotes comes back as %q, %v", s, got, ok)
		}
	})
}
