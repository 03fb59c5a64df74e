package redis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
)

// One shard serves what would have to look at several as one, but not what would harm or betray others.
func TestWhatOneServerCanAnswerForAllIsServedOverOneShard(t *testing.T) {
	secret := redisServer(t, "--slowlog-log-slower-than", "0")
	one, several := run(t, shardsOf(secret), options{fence: true}), three(t, options{})
	a, b := dial(t, "tcp", one.address), dial(t, "tcp", several.address)
	says(t, a, "SET k v", "+OK", "GET k", "$1 v")
	if got := a.do("SLOWLOG LEN"); !strings.HasPrefix(got, ":") || got == ":0" {
		t.Errorf("got %q", got)
	}
	if log := dial(t, "unix", secret).do("SLOWLOG GET 100"); !strings.Contains(log, "$4 ECHO") {
		t.Errorf("the server's log does not have the fences, so there is nothing to betray: %q", log)
	}
	says(t, b, "SLOWLOG LEN", "-ERR 'SLOWLOG LEN' is not served through the proxy: "+whySeveral)
	for _, c := range []*peer{a, b} {
		says(t, c,
			"SLOWLOG GET", "-ERR 'SLOWLOG GET' is not served through the proxy: "+whySecret,
			"slowlog get 10", "-ERR 'SLOWLOG GET' is not served through the proxy: "+whySecret,
			"SLOWLOG RESET", "-ERR 'SLOWLOG RESET' is not served through the proxy: "+whyServer,
			"MULTI", "+OK", "SLOWLOG GET", "-ERR 'SLOWLOG GET' is not served through the proxy: "+whySecret, "EXEC", "-"+errAborted,
			"WAIT 0 0", "-ERR 'WAIT' is not served through the proxy: "+whyConn,
			"MULTI", "+OK", "WAIT 0 0", "-ERR 'WAIT' is not served through the proxy: "+whyConn, "EXEC", "-"+errAborted,
		)
	}
}

func TestTheMemoryOfAKeyIsAskedOfItsShard(t *testing.T) {
	r := three(t, options{})
	c := dial(t, "tcp", r.address)
	for i, k := range r.spread() {
		says(t, c, "SET "+k+" v", "+OK")
		if got := c.do("MEMORY USAGE " + k + " SAMPLES 0"); !strings.HasPrefix(got, ":") {
			t.Errorf("the key of shard %d: got %q", i, got)
		}
	}
	says(t, c, "MEMORY USAGE nothing", "$-1", "MEMORY STATS", "-ERR 'MEMORY STATS' is not served through the proxy: "+whySeveral, "MEMORY PURGE", "-ERR 'MEMORY PURGE' is not served through the proxy: "+whyServer)
}

// A cursor means nothing to another server, so all of a scan goes to one of them: the primary.
func TestScansGoToThePrimaryWhereReadsGoToReplicas(t *testing.T) {
	shards := shardsOf(redisServer(t))
	replica := redistest.TCP(t).Address
	fill := func(c *peer, what string) {
		says(t, c, "HSET h "+what+" 1", ":1", "SADD s "+what, ":1", "ZADD z 1 "+what, ":1", "SET k "+what, "+OK")
	}
	fill(dial(t, "unix", strings.TrimPrefix(shards[0].Address, "unix:")), "primary")
	fill(dial(t, "tcp", replica), "replica")
	shards[0].Replicas = []Server{{Name: "r", Address: replica}}
	r := run(t, shards, options{from: FromReplica})
	c := dial(t, "tcp", r.address)
	for range 20 {
		says(t, c, "GET k", "$7 replica", "HSCAN h 0", "*2 $1 0 *2 $7 primary $1 1", "SSCAN s 0", "*2 $1 0 *1 $7 primary", "ZSCAN z 0", "*2 $1 0 *2 $7 primary $1 1")
	}
	if got, want := c.do("MEMORY USAGE h"), dial(t, "unix", strings.TrimPrefix(shards[0].Address, "unix:")).do("MEMORY USAGE h"); got != want {
		t.Errorf("MEMORY USAGE: got %s, the primary says %s", got, want)
	}
}

// What is asked of the primary alone is so in the table.
func TestWhatWantsThePrimaryIsNoRead(t *testing.T) {
	for name := range primary {
		var cmd resp.Command
		cmd.Set(strings.Split(name, "|")...)
		s := find(&cmd)
		if s == nil || s.Name != name || s.read {
			t.Errorf("%s is %s", name, fmt.Sprint(s))
		}
	}
}
