package kv

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
)

// A generator makes commands that mean something: few keys, so that they meet, and values of all kinds.
type generator struct{ *rand.Rand }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) key() string { return fmt.Sprintf("k%d", g.IntN(8)) }

func (g generator) value() string {
	return g.one("", "0", "1", "-1", "10", "007", "+1", " 1", "3.5", "1e3", "-0", "abc", "hello world", "9223372036854775807",
		"-9223372036854775808", "9223372036854775808", "inf", "nan", strings.Repeat("x", g.IntN(200)), "\x00\r\n\xff")
}

func (g generator) number() string {
	return g.one("0", "1", "-1", "2", "5", "-3", "100", "1000", "x", "", "1.5", "9223372036854775807", "-9223372036854775808", "99999999999999999999")
}

// future is a time that is far enough away for nothing to expire while the test runs, in the unit that a command wants. No
// two of them are so near each other that the clock decides which is later.
func (g generator) future() string { return strconv.Itoa(1_000_000 + 10_000*g.IntN(1_000_000)) }

func (g generator) command() []string {
	k, v, n := g.key, g.value, g.number
	switch g.IntN(40) {
	case 0, 1, 2:
		return []string{"GET", k()}
	case 3, 4:
		return []string{"SET", k(), v()}
	case 5, 6, 7, 8:
		return g.options([]string{"set", k(), v()}, "NX", "XX", "GET", "KEEPTTL", "EX", "PX", "nonsense")
	case 9:
		return g.options([]string{"GETEX", k()}, "PERSIST", "EX", "PX", "nonsense", "NX")
	case 10:
		return []string{g.one("GETDEL", "STRLEN", "TTL", "PERSIST", "TYPE", "EXISTS", "EXPIRETIME"), k()}
	case 11:
		return []string{"SETRANGE", k(), g.one("0", "1", "5", "100", "-1", "x"), v()}
	case 12, 13:
		return []string{g.one("GETRANGE", "SUBSTR"), k(), n(), n()}
	case 14:
		return []string{"APPEND", k(), v()}
	case 15, 16:
		return []string{g.one("INCR", "DECR"), k()}
	case 17, 18:
		return []string{g.one("INCRBY", "DECRBY"), k(), n()}
	case 19:
		return []string{"INCRBYFLOAT", k(), g.one("0.1", "1", "-2.5", "1e2", "x", "", "inf", "nan", "3.0e3", "0.0000001", " 1", "1 ")}
	case 20, 21:
		c := []string{g.one("MGET", "DEL", "UNLINK", "EXISTS", "TOUCH")}
		for range 1 + g.IntN(5) {
			c = append(c, k())
		}
		return c
	case 22, 23:
		c := []string{g.one("MSET", "MSETNX", "mset")}
		for range 1 + g.IntN(4) {
			c = append(c, k(), v())
		}
		return c
	case 24:
		return []string{g.one("EXPIRE", "PEXPIRE"), k(), g.one(g.future(), "0", "-5", "x", "9223372036854775807")}
	case 25:
		return g.options([]string{"EXPIRE", k(), g.future()}, "NX", "XX", "GT", "LT", "nonsense")
	case 26:
		return []string{"RENAME", k(), k()}
	case 27:
		return []string{"RENAMENX", k(), k()}
	case 28:
		return []string{"DBSIZE"}
	case 29:
		return []string{g.one("SETNX", "GETSET"), k(), v()}
	case 30:
		return []string{g.one("SETEX", "PSETEX"), k(), g.one(g.future(), "0", "-1", "x", "9223372036854775807"), v()}
	case 31:
		return []string{"PING"}
	case 32:
		return []string{"ECHO", v()}
	case 33:
		return []string{g.one("nosuch", "GETX", strings.Repeat("y", 200)), v(), v()}
	case 34:
		return []string{g.one("GET", "SET", "MSET", "INCR", "EXPIRE", "RENAME", "MGET", "DEL", "PING"), k(), v(), k()}[:1+g.IntN(4)]
	case 35:
		return []string{"SELECT", g.one("0", "99", "x")}
	case 36:
		return []string{"EXPIREAT", k(), g.one("99999999999", "1", "0", "-1")}
	case 37:
		return []string{"PEXPIRETIME", k()}[:1+g.IntN(2)]
	case 38:
		return []string{"UNSUBSCRIBE", "ch"}
	default:
		if g.IntN(20) == 0 {
			return []string{g.one("FLUSHALL", "FLUSHDB"), g.one("sync", "ASYNC", "what")}[:1+g.IntN(2)]
		}
		return []string{"SET", k(), g.one("1", "2", "10")}
	}
}

// options appends some words, and numbers to those that want one.
func (g generator) options(c []string, words ...string) []string {
	for range g.IntN(3) {
		w := g.one(words...)
		if c = append(c, w); w == "EX" || w == "PX" {
			c = append(c, g.one(g.future(), g.future(), g.future(), "0", "x"))
		}
	}
	return c
}

// Redis and this server answer random pipelines with the same bytes, whoever runs the commands here.
func TestAnswersAreThoseOfRedis(t *testing.T) {
	socket := redistest.Unix(t).Address
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		for _, version := range []string{"2", "3"} {
			theirs, ours := dial(t, "unix", socket), dial(t, "tcp", address)
			for _, c := range []*peer{theirs, ours} {
				c.send("FLUSHALL", "HELLO "+version)
				c.reply()
				c.reply()
			}
			seed := rand.Uint64()
			g := generator{rand.New(rand.NewPCG(seed, 0))}
			for range rounds {
				var b []byte
				var sent [][]string
				for range 1 + g.IntN(30) {
					c := g.command()
					sent = append(sent, c)
					b = resp.AppendCommand(b, c...)
				}
				theirs.write(b)
				ours.write(b)
				for i, c := range sent {
					want, got := theirs.reply(), ours.reply()
					if got != want && !nearly(c, got, want) {
						t.Fatalf("seed %d: %q: got %q, redis says %q; before it %q", seed, c, got, want, sent[max(0, i-20):i])
					}
				}
			}
		}
	})
}

// nearly says whether two answers differ only in how long the two servers took.
func nearly(command []string, got, want string) bool {
	switch strings.ToUpper(command[0]) {
	case "TTL", "EXPIRETIME", "PEXPIRETIME":
		var a, b int64
		if n, _ := fmt.Sscanf(got+" "+want, ":%d :%d", &a, &b); n == 2 && a > 0 && b > 0 {
			return max(a-b, b-a) < 5000
		}
	}
	return false
}
