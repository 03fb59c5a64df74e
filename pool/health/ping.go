package health

import (
	"bytes"
	"fmt"
	"strconv"
)

// Credentials are what a Redis server is told with AUTH. Without any there is none.
type Credentials struct {
	User     string // of an access control list, or "" for a server that has a password only
	Password string
}

// mostPing is the longest line of a reply to AUTH and PING, in bytes. Redis writes errors of less.
const mostPing = 1024

// Ping checks a server that speaks the protocol of Redis with PING, behind AUTH on a fresh connection when there are credentials. The
// connection is kept.
//
// PONG says that it serves. So does NOAUTH where no credentials were given, and NOPERM: it lives and answers, and would serve those who
// authenticate. All other errors say that it does not: LOADING (its data is not there yet), MASTERDOWN (a replica that must not serve
// old data), BUSY (a script holds it up), MISCONF (it refuses writes because it cannot save), and any reply to AUTH
// but OK, since requests would fare no better.
func Ping(c Credentials) Checker {
	s := &script{send: command("PING"), most: 2 * mostPing, keep: true}
	switch auth := c != (Credentials{}); {
	case auth && c.User != "":
		s.open = command("AUTH", c.User, c.Password)
	case auth:
		s.open = command("AUTH", c.Password)
	}
	s.judge = func(b []byte, fresh bool) (int, error) { return judgePing(b, fresh && s.open != nil, s.open != nil) }
	return s
}

// command is a request as an array of bulk strings, which take any bytes.
func command(args ...string) []byte {
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(a)), 10)
		b = append(b, "\r\n"...)
		b = append(b, a...)
		b = append(b, "\r\n"...)
	}
	return b
}

// judgePing reads the reply to AUTH, if there is to be one, and that to PING.
func judgePing(b []byte, auth, known bool) (int, error) {
	n := 0
	if auth {
		line, k, err := simple(b)
		if k == 0 || err != nil {
			return 0, err
		}
		if string(line) != "+OK" {
			return 0, replyError("AUTH was refused", line[1:])
		}
		n = k
	}
	line, k, err := simple(b[n:])
	if k == 0 || err != nil {
		return 0, err
	}
	code, _, _ := bytes.Cut(line, []byte(" "))
	switch {
	case line[0] == '+' && string(line) == "+PONG":
	case string(code) == "-NOAUTH" && !known, string(code) == "-NOPERM":
	case line[0] == '-':
		return n + k, replyError("PING was answered with an error", line[1:])
	default:
		return 0, replyError("the reply to PING is not one", line)
	}
	return n + k, nil
}

// simple is the first line of b when that is a simple string or an error, and its length with its end. It is 0 when there is no whole
// line yet.
func simple(b []byte) (line []byte, n int, err error) {
	if len(b) == 0 {
		return nil, 0, nil
	}
	if b[0] != '+' && b[0] != '-' {
		return nil, 0, replyError("this is not a reply to PING", b)
	}
	i := bytes.IndexByte(b[:min(len(b), mostPing)], '\n')
	switch {
	case i < 0 && len(b) >= mostPing:
		return nil, 0, replyError(fmt.Sprintf("there is no line in %d bytes", mostPing), b)
	case i < 0:
		return nil, 0, nil
	case b[i-1] != '\r':
		return nil, 0, replyError("the line does not end with CR LF", b[:i])
	}
	return b[:i-1], i + 1, nil
}
