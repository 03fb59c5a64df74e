package health

import (
	"regexp"
	"strings"
	"testing"
)

func TestRepliesToPing(t *testing.T) {
	for _, c := range []struct {
		reply       string
		auth, known bool
		n           int
		err         string
	}{
		{"+PONG\r\n", false, false, 7, ""},
		{"+PONG\r", false, false, 0, ""},
		{"", false, false, 0, ""},
		{"+PONG\r\n+more", false, false, 7, ""},
		{"-NOAUTH Authentication required.\r\n", false, false, 34, ""},
		{"-NOAUTH Authentication required.\r\n", false, true, 34, `PING was answered with an error: "NOAUTH Authentication required."`},
		{"-NOPERM this user has no permissions\r\n", false, true, 38, ""},
		{"-LOADING Redis is loading\r\n", false, false, 27, `PING was answered with an error: "LOADING Redis is loading"`},
		{"-MASTERDOWN Link\r\n", false, false, 18, `PING was answered with an error: "MASTERDOWN Link"`},
		{"-ERR max number of clients reached\r\n", false, false, 36, `PING was answered with an error: "ERR max number of clients reached"`},
		{"+OK\r\n", true, true, 0, ""},
		{"+OK\r\n+PONG\r\n", true, true, 12, ""},
		{"+OK\r\n-LOADING x\r\n", true, true, 17, `PING was answered with an error: "LOADING x"`},
		{"-WRONGPASS invalid\r\n", true, true, 0, `AUTH was refused: "WRONGPASS invalid"`},
		{"+QUEUED\r\n", false, false, 0, `the reply to PING is not one: "+QUEUED"`},
		{"HTTP/1.1 400 Bad Request\r\n", false, false, 0, `this is not a reply to PING: "HTTP/1.1 400 Bad Request\r\n"`},
		{"+PONG\n", false, false, 0, `the line does not end with CR LF: "+PONG"`},
		{"-" + strings.Repeat("x", 2000), false, false, 0, `there is no line in 1024 bytes: "-` + strings.Repeat("x", 119) + `"`},
	} {
		n, err := judgePing([]byte(c.reply), c.auth, c.known)
		if got := text(err); n != c.n || got != c.err {
			t.Errorf("%q, auth %v, known %v: %d and %q, want %d and %q", c.reply, c.auth, c.known, n, got, c.n, c.err)
		}
	}
}

func TestExpectedReplies(t *testing.T) {
	for _, c := range []struct {
		e     Exchange
		reply string
		n     int
		err   string
	}{
		{Exchange{Prefix: "220 "}, "22", 0, ""},
		{Exchange{Prefix: "220 "}, "220 here", 8, ""},
		{Exchange{Prefix: "220 "}, "5", 0, `the reply does not begin with what is expected: "5"`},
		{Exchange{Match: regexp.MustCompile("ok$")}, "not o", 0, ""},
		{Exchange{Match: regexp.MustCompile("ok$")}, "not ok", 6, ""},
		{Exchange{Prefix: "a", Match: regexp.MustCompile("c")}, "ab", 0, ""},
		{Exchange{Send: "x", Prefix: "a", Until: "\n"}, "abc", 0, ""},
		{Exchange{Send: "x", Prefix: "a", Until: "\n"}, "abc\nd", 4, ""},
		{Exchange{Send: "x", Prefix: "abc", Until: "\n"}, "ab\n", 0, `the reply does not begin with what is expected: "ab\n"`},
		{Exchange{Send: "x", Prefix: "a\nc", Until: "\n"}, "a\n", 0, `the reply does not begin with what is expected: "a\n"`},
		{Exchange{Send: "x", Match: regexp.MustCompile("b"), Until: "\n"}, "a\nb", 2, `the reply does not match what is expected: "a\n"`},
	} {
		n, err := c.e.judge([]byte(c.reply))
		if got := text(err); n != c.n || got != c.err {
			t.Errorf("%+v: %q: %d and %q, want %d and %q", c.e, c.reply, n, got, c.n, c.err)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// checkJudge holds a judge against what all must do: what it says of a reply does not depend on how that comes in parts, more bytes
// behind it change nothing, and errors are short.
func checkJudge(t *testing.T, reply []byte, judge func([]byte) (int, error)) {
	for k := 1; k <= len(reply); k++ {
		n, err := judge(reply[:k:k])
		if n < 0 || n > k || len(text(err)) > 1000 {
			t.Fatalf("%q: %d and %v", reply[:k], n, err)
		}
		if n == 0 && err == nil {
			continue
		}
		whole, again := judge(reply)
		if whole != n || (again == nil) != (err == nil) {
			t.Fatalf("%q: %d and %v, but %d and %v when all of it has come: %q", reply[:k], n, err, whole, again, reply)
		}
		return
	}
}

func FuzzPing(f *testing.F) {
	for _, s := range []string{"+PONG\r\n", "+OK\r\n+PONG\r\n", "-NOAUTH x\r\n", "-LOADING\r\n", "+\r\n", "-\n", "$4\r\nPONG\r\n", "\x00"} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, reply []byte, auth bool) {
		checkJudge(t, reply, func(b []byte) (int, error) { return judgePing(b, auth, auth) })
	})
}

func FuzzExpect(f *testing.F) {
	f.Add([]byte("220 ready\r\n"), "220", "\r\n")
	f.Add([]byte("+PONG\r\n+PONG\r\n"), "+PONG", "\r\n")
	f.Add([]byte("abab"), "a", "ab")
	f.Add([]byte("b\n"), "", "\n")
	f.Fuzz(func(t *testing.T, reply []byte, prefix, until string) {
		if until == "" {
			return // then it depends on what has come
		}
		e := Exchange{Send: "x", Prefix: prefix, Match: regexp.MustCompile("[a-z0-9]"), Until: until}
		checkJudge(t, reply, e.judge)
	})
}
