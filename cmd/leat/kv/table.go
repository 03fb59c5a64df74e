package kv

// A command is a line of the table.
type command struct {
	name  string
	arity int // arguments, the name among them; negative: at least so many
	is    trait

	first, last, step int // arguments that are keys; last counts from the end when it is negative. 0: none

	run  func(*exec) // works with data, on the lane that owns the keys
	talk func(*talk) // or is about the connection, and runs where it is read
}

type trait uint8

const (
	grows     trait = 1 << iota // may need memory
	early                       // may come before the password
	listening                   // may come from one that has subscribed, in RESP2
	lonely                      // wants all commands before it answered: it confirms before others write, or several workers have the data
	keyless                     // works with no data, but in its turn among those that do
)

// takes says whether a command may have n arguments.
func (c *command) takes(n int) bool {
	if c.last < 0 && (n-c.first)%c.step != 0 { // a key without its value
		return false
	}
	return n == c.arity || c.arity < 0 && n >= -c.arity
}

// table is all there is. Behind a Shard, those that look at all keys, or must look at several as one, have a first key of 0
// and run alone.
var table = func() map[string]*command {
	const one, rest = 1, -1
	all := []command{
		{"get", 2, 0, one, one, 1, get, nil},
		{"set", -3, grows, one, one, 1, set, nil},
		{"setnx", 3, grows, one, one, 1, setnx, nil},
		{"setex", 4, grows, one, one, 1, setex, nil},
		{"psetex", 4, grows, one, one, 1, psetex, nil},
		{"getset", 3, grows, one, one, 1, getset, nil},
		{"getdel", 2, 0, one, one, 1, getdel, nil},
		{"getex", -2, 0, one, one, 1, getex, nil},
		{"strlen", 2, 0, one, one, 1, strlen, nil},
		{"append", 3, grows, one, one, 1, appendTo, nil},
		{"getrange", 4, 0, one, one, 1, getrange, nil},
		{"substr", 4, 0, one, one, 1, getrange, nil},
		{"setrange", 4, grows, one, one, 1, setrange, nil},
		{"incr", 2, grows, one, one, 1, incr, nil},
		{"decr", 2, grows, one, one, 1, decr, nil},
		{"incrby", 3, grows, one, one, 1, incrby, nil},
		{"decrby", 3, grows, one, one, 1, decrby, nil},
		{"incrbyfloat", 3, grows, one, one, 1, incrbyfloat, nil},

		{"mget", -2, 0, one, rest, 1, mget, nil},
		{"mset", -3, grows, one, rest, 2, mset, nil},
		{"msetnx", -3, grows | lonely, one, rest, 2, msetnx, nil},
		{"del", -2, 0, one, rest, 1, del, nil},
		{"unlink", -2, 0, one, rest, 1, del, nil},
		{"exists", -2, 0, one, rest, 1, exists, nil},
		{"touch", -2, 0, one, rest, 1, exists, nil},

		{"expire", -3, 0, one, one, 1, expire, nil},
		{"pexpire", -3, 0, one, one, 1, pexpire, nil},
		{"expireat", -3, 0, one, one, 1, expireat, nil},
		{"pexpireat", -3, 0, one, one, 1, pexpireat, nil},
		{"persist", 2, 0, one, one, 1, persist, nil},
		{"ttl", 2, 0, one, one, 1, ttl, nil},
		{"pttl", 2, 0, one, one, 1, pttl, nil},
		{"expiretime", 2, 0, one, one, 1, expiretime, nil},
		{"pexpiretime", 2, 0, one, one, 1, pexpiretime, nil},

		{"type", 2, 0, one, one, 1, typeOf, nil},
		{"rename", 3, grows | lonely, one, 2, 1, rename, nil},
		{"renamenx", 3, grows | lonely, one, 2, 1, renamenx, nil},
		{"keys", 2, lonely, 0, 0, 0, keysLike, nil},
		{"scan", -2, lonely, 0, 0, 0, scan, nil},
		{"randomkey", 1, lonely, 0, 0, 0, randomkey, nil},
		{"dbsize", 1, lonely, 0, 0, 0, dbsize, nil},
		{"flushall", -1, lonely, 0, 0, 0, flushall, nil},
		{"flushdb", -1, lonely, 0, 0, 0, flushall, nil},

		{"publish", 3, lonely | keyless, 0, 0, 0, publish, nil},
		{"subscribe", -2, listening | lonely, 0, 0, 0, nil, subscribe},
		{"psubscribe", -2, listening | lonely, 0, 0, 0, nil, psubscribe},
		{"unsubscribe", -1, listening, 0, 0, 0, nil, unsubscribe},
		{"punsubscribe", -1, listening, 0, 0, 0, nil, punsubscribe},
		{"pubsub", -2, lonely | keyless, 0, 0, 0, pubsub, nil},

		{"ping", -1, listening, 0, 0, 0, nil, ping},
		{"echo", 2, 0, 0, 0, 0, nil, echo},
		{"quit", -1, early | listening, 0, 0, 0, nil, quit},
		{"reset", 1, early | listening, 0, 0, 0, nil, reset},
		{"hello", -1, early, 0, 0, 0, nil, hello},
		{"auth", -2, early, 0, 0, 0, nil, auth},
		{"select", 2, 0, 0, 0, 0, nil, selectDB},
		{"time", 1, 0, 0, 0, 0, nil, timeOf},
		{"client", -2, 0, 0, 0, 0, nil, client},
		{"config", -2, 0, 0, 0, 0, nil, config},
		{"command", -1, 0, 0, 0, 0, nil, describe},
		{"info", -1, 0, 0, 0, 0, nil, info},
	}
	m := make(map[string]*command, len(all))
	for i := range all {
		m[all[i].name] = &all[i]
	}
	return m
}()
