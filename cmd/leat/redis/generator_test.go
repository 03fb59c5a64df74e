package redis

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A generator makes commands that mean something: few keys, so that they meet, and values of all kinds. Commands that need
// their keys in one place have them there.
type generator struct {
	*rand.Rand
	prefix string // of all keys, so that clients do not meet
	global bool   // also what concerns all keys
}

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

// tag is the part of keys that is hashed.
func (g generator) tag() string { return fmt.Sprintf("{%s%d}", g.prefix, g.IntN(7)) }

// key is one of a few with a tag, of a type: of other types a few have the same name.
func (g generator) key(tag, kind string) string {
	if g.IntN(12) == 0 {
		kind = g.one("s", "l", "h", "z", "t", "x")
	}
	return tag + kind + strconv.Itoa(g.IntN(3))
}

func (g generator) any(kind string) string { return g.key(g.tag(), kind) }

func (g generator) value() string {
	return g.one("", "0", "1", "-1", "10", "007", "3.5", "abc", "hello world", "9223372036854775807", strings.Repeat("x", g.IntN(200)), "\x00\r\n\xff")
}

func (g generator) number() string {
	return g.one("0", "1", "-1", "2", "5", "-3", "100", "x", "", "1.5")
}

func (g generator) member() string { return "m" + strconv.Itoa(g.IntN(6)) }

func (g generator) future() string { return strconv.Itoa(1_000_000 + 10_000*g.IntN(1000)) }

func (g generator) command() []string {
	if g.global && g.IntN(12) == 0 {
		return g.everywhere()
	}
	switch g.IntN(13) {
	case 0:
		return g.several()
	case 1:
		return g.together(g.tag())
	case 2:
		return g.wrong()
	case 3:
		return g.talk()
	}
	return g.single(g.tag())
}

// single has one key.
func (g generator) single(tag string) []string {
	s := func() string { return g.key(tag, "s") }
	l := func() string { return g.key(tag, "l") }
	h := func() string { return g.key(tag, "h") }
	z := func() string { return g.key(tag, "z") }
	t := func() string { return g.key(tag, "t") }
	x := func() string { return g.key(tag, "x") }
	switch g.IntN(36) {
	case 0, 1, 2:
		return []string{"GET", s()}
	case 3, 4, 5:
		return []string{"SET", s(), g.value()}
	case 6:
		return []string{g.one("INCR", "DECR", "STRLEN", "GETDEL", "TYPE", "PERSIST", "TTL"), s()}
	case 7:
		return []string{"SET", s(), g.value(), g.one("NX", "XX", "GET", "KEEPTTL", "BAD")}
	case 8:
		return []string{"APPEND", s(), g.value()}
	case 9:
		return []string{g.one("GETRANGE", "SUBSTR"), s(), g.number(), g.number()}
	case 10:
		return []string{"SETBIT", s(), g.one("7", "100", "x"), g.one("0", "1", "2")}
	case 11:
		return []string{"BITCOUNT", s()}
	case 12:
		return []string{"EXPIRE", s(), g.future()}
	case 13:
		return []string{g.one("LPUSH", "RPUSH", "LPUSHX"), l(), g.value(), g.value()}
	case 14:
		return []string{g.one("LPOP", "RPOP", "LLEN"), l()}
	case 15:
		return []string{"LRANGE", l(), g.number(), g.number()}
	case 16:
		return []string{"LSET", l(), g.number(), g.value()}
	case 17:
		return []string{"HSET", h(), g.member(), g.value(), g.member(), g.value()}
	case 18:
		return []string{g.one("HGET", "HDEL", "HEXISTS", "HSTRLEN"), h(), g.member()}
	case 19:
		return []string{g.one("HGETALL", "HKEYS", "HVALS", "HLEN"), h()}
	case 20:
		return []string{"HMGET", h(), g.member(), g.member()}
	case 21:
		return []string{"HINCRBY", h(), g.member(), g.number()}
	case 22:
		return []string{"ZADD", z(), g.one("1", "2", "3.5", "inf", "x"), g.member(), g.one("1", "2"), g.member()}
	case 23:
		return []string{g.one("ZSCORE", "ZRANK", "ZREM", "ZREVRANK"), z(), g.member()}
	case 24:
		return []string{"ZRANGE", z(), "0", "-1", g.one("WITHSCORES", "REV")}
	case 25:
		return []string{"ZRANGEBYSCORE", z(), "-inf", g.one("2", "inf", "(3", "x")}
	case 26:
		return []string{"ZINCRBY", z(), g.number(), g.member()}
	case 27:
		return []string{"SADD", t(), g.member(), g.member()}
	case 28:
		return []string{g.one("SREM", "SISMEMBER"), t(), g.member()}
	case 29:
		return []string{g.one("SMEMBERS", "SCARD"), t()}
	case 30:
		return []string{"XADD", x(), strconv.Itoa(1+g.IntN(1_000_000)) + "-1", "f", g.value()}
	case 31:
		return []string{g.one("XLEN", "XINFO"), x()}
	case 32:
		return []string{"XRANGE", x(), "-", "+"}
	case 33:
		return []string{"OBJECT", g.one("ENCODING", "REFCOUNT", "NOSUCH"), s()}
	case 34:
		return []string{"EVAL", "return {KEYS[1], ARGV[1], redis.call('get', KEYS[1])}", "1", s(), g.value()}
	}
	return []string{g.one("PFADD", "pfadd"), tag + "p", g.member()}
}

// several has keys wherever they are.
func (g generator) several() []string {
	switch g.IntN(3) {
	case 0:
		c := []string{g.one("MGET", "mget")}
		for range 1 + g.IntN(8) {
			c = append(c, g.any("s"))
		}
		return c
	case 1:
		c := []string{g.one("MSET", "mset")}
		for range 1 + g.IntN(5) {
			c = append(c, g.any("s"), g.value())
		}
		return c
	}
	c := []string{g.one("DEL", "UNLINK", "EXISTS", "TOUCH")}
	for range 1 + g.IntN(5) {
		c = append(c, g.any(g.one("s", "l", "h")))
	}
	return c
}

// together has several keys with one tag.
func (g generator) together(tag string) []string {
	k := func(kind string) string { return g.key(tag, kind) }
	switch g.IntN(16) {
	case 0:
		return []string{g.one("RENAME", "RENAMENX"), k("s"), k("s")}
	case 1:
		return []string{"MSETNX", k("s"), g.value(), k("s"), g.value()}
	case 2:
		return []string{"LMOVE", k("l"), k("l"), g.one("LEFT", "RIGHT"), g.one("LEFT", "RIGHT", "UP")}
	case 3:
		return []string{"RPOPLPUSH", k("l"), k("l")}
	case 4:
		return []string{g.one("SUNION", "SINTER", "SDIFF"), k("t"), k("t")}
	case 5:
		return []string{g.one("SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE"), k("t"), k("t"), k("t")}
	case 6:
		return []string{"SMOVE", k("t"), k("t"), g.member()}
	case 7:
		return []string{g.one("ZUNION", "ZINTER", "ZDIFF"), g.one("2", "2", "2", "1", "x", "0", "5"), k("z"), k("z")}
	case 8:
		return []string{g.one("ZUNIONSTORE", "ZINTERSTORE"), k("z"), "2", k("z"), k("z"), "WEIGHTS", "1", g.number()}
	case 9:
		return []string{"BITOP", g.one("AND", "OR", "XOR", "BAD"), k("s"), k("s"), k("s")}
	case 10:
		return []string{"COPY", k("s"), k("s"), g.one("REPLACE", "BAD")}
	case 11:
		return []string{"SORT", k("l"), "ALPHA", g.one("ASC", "DESC"), "STORE", k("l")}
	case 12:
		return []string{"LCS", k("s"), k("s")}
	case 13:
		return []string{"XREAD", "COUNT", "2", "STREAMS", k("x"), k("x"), "0", g.one("0", "500-0")}
	case 14:
		return []string{g.one("BLPOP", "BRPOP", "BZPOPMIN"), k(g.one("l", "z")), k("l"), "0.001"}
	}
	return []string{"PFMERGE", tag + "p", tag + "p", tag + "q"}
}

// wrong is refused.
func (g generator) wrong() []string {
	switch g.IntN(4) {
	case 0:
		return []string{g.one("nosuch", "GETX", strings.Repeat("y", 200)), g.value(), g.value()}
	case 1:
		return []string{g.one("OBJECT", "XGROUP", "SCRIPT"), "nosuch", g.any("s")}
	case 2:
		tag := g.tag()
		return append([][]string{{"EVAL_RO", "return 9"}, {"ZUNION"}, {"BLMPOP", "0.001"}}[g.IntN(3)], g.number(), tag+"s1", tag+"s2")
	}
	return []string{g.one("GET", "SET", "MSET", "INCR", "EXPIRE", "RENAME", "MGET", "DEL", "PING", "HSET", "LINSERT", "ZADD", "XADD"), g.tag() + "s1", g.value(), g.tag() + "s1"}[:1+g.IntN(2)]
}

// talk is about the connection.
func (g generator) talk() []string {
	switch g.IntN(9) {
	case 0:
		return []string{"PING"}
	case 1:
		return []string{"ECHO", g.value()}
	case 2:
		return []string{"SELECT", g.one("0", "1", "15", "99", "x", "-1")}
	case 3:
		return []string{"CLIENT", g.one("GETNAME", "NOSUCH")}
	case 4:
		return []string{"CLIENT", "SETNAME", g.one("me", "you", "a b")}
	case 5:
		return []string{g.one("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"), "ch"}[:1+g.IntN(2)]
	case 6:
		return []string{g.one("DISCARD", "EXEC", "UNWATCH")}
	case 7:
		return []string{"PUBLISH", "nobody", g.value()}
	}
	return []string{"PING", g.value()}
}

// everywhere is about all keys.
func (g generator) everywhere() []string {
	switch g.IntN(8) {
	case 0, 1:
		return []string{"DBSIZE"}
	case 2:
		return []string{"KEYS", g.one("*", "*s1", "{3}*", "nothing")}
	case 3:
		return []string{"SCRIPT", "LOAD", g.one("return 1", "return 2", "return (")}
	case 4:
		return []string{"SCRIPT", "EXISTS", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "7f923f79fe76194c868d7e1d0820de36700eb649", "x"}
	case 5:
		if g.IntN(10) == 0 {
			return []string{g.one("FLUSHALL", "FLUSHDB"), g.one("SYNC", "ASYNC", "what")}[:1+g.IntN(2)]
		}
	case 6:
		return []string{"EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"}
	}
	return []string{"LOLWUT", "VERSION", "5", "1", "1", "1"}
}

// transaction is what stands between MULTI and EXEC, on one shard, or WATCH before it.
func (g generator) transaction() (all [][]string) {
	tag := g.tag()
	if g.IntN(3) == 0 {
		all = append(all, []string{"WATCH", g.key(tag, "s"), g.key(tag, "s")})
		if g.IntN(3) == 0 {
			all = append(all, []string{"SET", g.key(tag, "s"), g.value()})
		}
		if g.IntN(4) == 0 {
			all = append(all, []string{"UNWATCH"})
		}
	}
	all = append(all, []string{"MULTI"})
	for range g.IntN(6) {
		switch g.IntN(12) {
		case 0:
			all = append(all, []string{g.one("PING", "UNWATCH", "MULTI", "WATCH")})
		case 1:
			all = append(all, []string{"ECHO", g.value()})
		case 2:
			if g.IntN(3) == 0 {
				all = append(all, g.wrong())
			}
		case 3:
			all = append(all, g.together(tag))
		case 4:
			all = append(all, []string{"WATCH", g.key(tag, "s")})
		default:
			all = append(all, g.single(tag))
		}
	}
	return append(all, []string{g.one("EXEC", "EXEC", "EXEC", "DISCARD")})
}
