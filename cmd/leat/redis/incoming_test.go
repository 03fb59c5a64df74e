package redis

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// Whoever has not given the password may not make the proxy keep much.
func TestStrangersAreDecodedWithTheLimitsOfRedis(t *testing.T) {
	r := run(t, shardsOf(redisServer(t)), options{password: "secret"})
	alone := redisServer(t, "--requirepass", "secret")
	long, longer := strings.Repeat("x", untrustedBulk), strings.Repeat("x", untrustedBulk+1)
	command := func(args ...string) string { return string(resp.AppendCommand(nil, args...)) }
	eleven := command(strings.Fields("MSET a 1 b 2 c 3 d 4 e 5")...)
	for name, wire := range map[string]string{
		"ten arguments":          command(strings.Fields("MGET a b c d e f g h i")...) + command("PING"),
		"eleven arguments":       eleven,
		"many arguments":         "*1000000\r\n",
		"too many arguments":     "*1048577000000\r\n",
		"no number of arguments": "*x\r\n",
		"a long argument":        command("ECHO", long) + command("PING"),
		"a longer argument":      command("ECHO", longer),
		"a huge argument":        "*2\r\n$4\r\nECHO\r\n$536870912\r\n",
		"too huge an argument":   "*2\r\n$4\r\nECHO\r\n$53687091200\r\n",
		"behind a wrong one":     command("AUTH", "x") + eleven,
		"behind the right one":   command("AUTH", "secret") + eleven + command("ECHO", longer) + command("RESET") + eleven,
		"behind HELLO":           command("HELLO", "2", "AUTH", "default", "x") + eleven,
		"before the right one":   eleven + command("AUTH", "secret"),
		"a long line":            "ECHO " + strings.Repeat("x ", 100) + "\r\n" + eleven,
	} {
		t.Run(name, func(t *testing.T) {
			all := func(network, address string) string {
				c := dial(t, network, address)
				c.write([]byte(wire + command("QUIT")))
				b, err := io.ReadAll(bufio.NewReader(c))
				if err != nil && len(b) == 0 {
					t.Error(err)
				}
				return string(b)
			}
			ours, theirs := all("tcp", r.address), all("unix", alone)
			if name == "behind HELLO" || name == "behind a wrong one" { // in other words
				ours, theirs = ours[strings.Index(ours, "\n"):], theirs[strings.Index(theirs, "\n"):]
			}
			if ours != theirs {
				t.Errorf("got %.200q, redis says %.200q", ours, theirs)
			}
		})
	}
}

// Without a password nobody is a stranger.
func TestEverybodyIsTrustedWithoutAPassword(t *testing.T) {
	r := run(t, shardsOf(redisServer(t)), options{})
	c := dial(t, "tcp", r.address)
	says(t, c, "MSET a 1 b 2 c 3 d 4 e 5 f 6", "+OK", "RESET", "+RESET", "MSET a 1 b 2 c 3 d 4 e 5 f 6", "+OK", "SET k "+strings.Repeat("x", untrustedBulk+1), "+OK")
}

// However the bytes of a stranger arrive, they mean the same, and never more than a stranger may send.
func FuzzStrangers(f *testing.F) {
	for _, wire := range []string{"*11\r\n", "*2\r\n$4\r\nECHO\r\n$16385\r\n", "*1\r\n$4\r\nPING\r\n*x\r\n", "PING\r\n", "*9999999999\r\n", "*10\r\n$1\r\n", "*2\r\n$16385\r\n" + strings.Repeat("x", 16385) + "\r\n$x\r\n"} {
		f.Add([]byte(wire))
	}
	p := New(Config{Routing: &Routing{}, Password: "secret"}, func(*stage.Conn) {})
	in := p.incoming(resp.Limits{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var one, dripping Request
		n, err := in.NewDecoder().Decode(b, &one)
		d := in.NewDecoder()
		var m int
		var other error
		for i := 1; i <= len(b) && m <= 0 && other == nil; i++ {
			m, other = d.Decode(b[:i], &dripping)
		}
		if err == stage.ErrSkip || other == stage.ErrSkip {
			return // of several empty lines one may be skipped first
		}
		if err != other || max(n, 0) != max(m, 0) {
			t.Errorf("%q: %d, %v, and byte by byte %d, %v", b, n, err, m, other)
		}
		if n > 0 && b[0] == '*' && one.Len() > untrustedArgs || -n > untrustedArgs*(untrustedBulk+64) {
			t.Errorf("%q: %d with %d arguments", b, n, one.Len())
		}
	})
}
