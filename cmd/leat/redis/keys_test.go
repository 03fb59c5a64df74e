package redis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
)

// calls are commands of every form in which keys can stand.
var calls = []string{
	"GET a", "SET a 1", "set a 1 EX 10", "GETEX a PERSIST", "MGET a b c", "MSET a 1 b 2", "MSETNX a 1 b 2", "DEL a b", "UNLINK a b", "EXISTS a a", "TOUCH a",
	"RENAME a b", "COPY a b DB 1 REPLACE", "OBJECT ENCODING a", "OBJECT FREQ a", "MEMORY USAGE a SAMPLES 3", "BITOP AND d a b", "BITFIELD a GET u8 0",
	"BITFIELD_RO a GET u8 0", "EVAL x 2 a b c", "EVAL x 0 c", "EVALSHA x 1 a", "EVAL_RO x 1 a", "FCALL f 2 a b c", "FCALL_RO f 1 a", "ZUNION 2 a b WEIGHTS 1 2",
	"ZUNIONSTORE d 2 a b AGGREGATE SUM", "ZINTER 3 a b c", "ZINTERSTORE d 1 a", "ZINTERCARD 2 a b LIMIT 3", "ZDIFF 2 a b", "ZDIFFSTORE d 2 a b", "SINTERCARD 2 a b", "SDIFFSTORE d a b",
	"SUNIONSTORE d a b", "SMOVE a b m", "LMOVE a b LEFT RIGHT", "RPOPLPUSH a b", "BLMOVE a b LEFT RIGHT 0", "BRPOPLPUSH a b 0", "BLPOP a b c 0", "BRPOP a 0", "BZPOPMIN a b 0",
	"LMPOP 2 a b LEFT", "BLMPOP 0 2 a b LEFT COUNT 3", "ZMPOP 1 a MIN", "BZMPOP 0 2 a b MAX", "LCS a b LEN", "XREAD COUNT 2 STREAMS a b 0 0", "XREAD BLOCK 0 STREAMS a $",
	"XREADGROUP GROUP g c COUNT 1 NOACK STREAMS a b > >", "XREADGROUP GROUP streams c STREAMS a >",
	"XREADGROUP COUNT 1 BLOCK 5 NOACK GROUP g c STREAMS a b > >", "XREADGROUP GROUP streams streams STREAMS streams streams > >", "XREADGROUP COUNT 2 GROUP block count STREAMS group >",
	"XREAD BLOCK 1 COUNT 2 streams a b 0 0", "XREAD STREAMS streams 0", "XREAD BLOCK block STREAMS count 0", "XADD a * f v", "XGROUP CREATE a g $", "XGROUP SETID a g 0", "XINFO STREAM a FULL",
	"XINFO GROUPS a", "XINFO CONSUMERS a g", "XAUTOCLAIM a g c 0 0", "XCLAIM a g c 0 1-1", "XACK a g 1-1", "XPENDING a g", "XSETID a 1-1", "XTRIM a MAXLEN 1",
	"SORT a", "SORT a STORE d", "SORT a LIMIT 0 1 GET # BY nosort STORE d", "SORT a store d STORE e", "SORT_RO a LIMIT 0 1", "GEOADD a 1 1 m", "GEOSEARCHSTORE d a FROMMEMBER m BYRADIUS 1 m",
	"GEORADIUS a 1 1 1 m STORE d", "GEORADIUS a 1 1 1 m ASC STOREDIST d", "GEORADIUSBYMEMBER a m 1 m store d", "GEORADIUS_RO a 1 1 1 m", "PFCOUNT a b", "PFMERGE d a b", "ZRANGESTORE d a 0 1",
	"WATCH a b", "HSET a f v", "HMGET a f g", "HRANDFIELD a 2", "SSCAN a 0", "ZSCAN a 0", "EXPIRE a 1 NX", "MOVE a 1", "DUMP a", "RESTORE a 0 x", "SUBSTR a 0 1", "SETRANGE a 0 v",
	"ZADD a NX 1 m", "ZRANGE a 0 1 BYSCORE", "SINTER a b", "SUNION a", "SDIFF a b", "LPOS a x RANK 1", "GETDEL a", "APPEND a v", "STRLEN a", "TYPE a", "PEXPIREAT a 1",
	"CLIENT SETNAME a", "ECHO m", "PUBLISH c m", "SPUBLISH c m", "SCRIPT EXISTS x", "KEYS *", "SCAN 0",
}

// Keys are where the server says.
func TestKeysAreFoundWhereRedisFindsThem(t *testing.T) {
	c := dial(t, "unix", redisServer(t))
	for _, call := range calls {
		args := strings.Fields(call)
		var want []string
		reply := c.do("COMMAND GETKEYS " + call)
		switch {
		case strings.HasPrefix(reply, "*"):
			for i, w := range strings.Fields(reply) {
				if i > 0 && i%2 == 0 {
					want = append(want, w)
				}
			}
		case !strings.HasPrefix(reply, "-ERR The command has no key arguments") && !strings.HasPrefix(reply, "-ERR Invalid arguments specified"):
			t.Errorf("%s: redis says %s", call, reply)
		}
		var cmd resp.Command
		cmd.Set(args...)
		spec := find(&cmd)
		if spec == nil {
			t.Errorf("%s is not in the table", call)
			continue
		}
		var got []string
		if !spec.eachKey(&cmd, func(i int) { got = append(got, string(cmd.Arg(i))) }) || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the keys are %v, redis says %v (%s)", call, got, want, reply)
		}
	}
}

func TestKeysThatCannotBeFoundAreSaidToBeSo(t *testing.T) {
	for _, call := range []string{
		"EVAL x 3 a b", "EVAL x y a", "EVAL x -1 a", "EVAL x +1 a", "EVAL x 01 a", "EVAL x 99999999999999999999 a", "ZUNION 2 a", "ZUNIONSTORE d 5 a", "LMPOP 2 a",
		"XREAD COUNT 2 a 0", "XREAD a STREAMS b 0", "XREADGROUP GROUP g STREAMS a >", "XREADGROUP GROUP g c COUNT STREAMS a >", "BITOP AND", "BLMPOP 0",
	} {
		var cmd resp.Command
		cmd.Set(strings.Fields(call)...)
		if find(&cmd).eachKey(&cmd, func(int) {}) {
			t.Errorf("%s has keys", call)
		}
	}
}

// COMMAND GETKEYS takes the first word that is STREAMS for the option, whereas the commands themselves know what belongs to others.
func TestKeysOfStreamsAreFoundWhereTheCommandsFindThem(t *testing.T) {
	for call, want := range map[string]string{
		"XREADGROUP NOACK GROUP g streams COUNT 1 streams a >": "[a]", "XREADGROUP COUNT streams GROUP streams streams STREAMS a b > >": "[a b]",
		"XREAD COUNT streams STREAMS a 0": "[a]", "XREAD BLOCK STREAMS STREAMS STREAMS 0": "[STREAMS]",
	} {
		var cmd resp.Command
		cmd.Set(strings.Fields(call)...)
		var got []string
		if !find(&cmd).eachKey(&cmd, func(i int) { got = append(got, string(cmd.Arg(i))) }) || fmt.Sprint(got) != want {
			t.Errorf("%s: the keys are %v", call, got)
		}
	}
}

func TestWhatWaitsIsToldByItsOptionsAlone(t *testing.T) {
	for call, want := range map[string]bool{
		"BLPOP a 0": true, "BZMPOP 0 1 a MIN": true, "XREAD STREAMS a 0": false, "XREAD BLOCK 0 STREAMS a $": true, "xread count 1 block 0 streams a $": true,
		"XREAD STREAMS block 0": false, "XREAD COUNT block STREAMS a 0": false, "XREAD BLOCK streams STREAMS a 0": true,
		"XREADGROUP GROUP block block STREAMS a >": false, "XREADGROUP GROUP block streams BLOCK 1 STREAMS a >": true, "XREADGROUP BLOCK 1 NOACK GROUP g c STREAMS a >": true,
		"XREADGROUP NOACK COUNT 1 GROUP g c STREAMS block >": false, "XREADGROUP GROUP streams c NOACK BLOCK 1 STREAMS a >": true,
	} {
		var cmd resp.Command
		cmd.Set(strings.Fields(call)...)
		if got := waits(&cmd); got != want {
			t.Errorf("%s: %v", call, got)
		}
	}
}

// The table knows each command of the server that is installed, and says of each that is not served why.
func TestEveryCommandHasItsPlace(t *testing.T) {
	c := dial(t, "unix", redisServer(t))
	reply := strings.Fields(c.do("COMMAND LIST"))
	for i := 2; i < len(reply); i += 2 {
		name, sub, _ := strings.Cut(reply[i], "|")
		var cmd resp.Command
		cmd.Set(name, sub)
		s := find(&cmd)
		if s == nil || s.Name != reply[i] {
			t.Errorf("%s is not in the table", reply[i])
		} else if s.class == refused && s.why == "" && s.subs == nil {
			t.Errorf("%s is refused without a reason", reply[i])
		}
	}
}

func FuzzKeys(f *testing.F) {
	for _, call := range calls {
		f.Add(call)
	}
	f.Add("MIGRATE h 6379 k 0 5000") // refused, and the only one whose keys Redis finds from the end
	f.Fuzz(func(t *testing.T, call string) {
		var cmd resp.Command
		if cmd.Set(strings.Fields(call)...); cmd.Len() == 0 {
			return
		}
		s := find(&cmd)
		if s == nil || !s.takes(cmd.Len()) {
			return
		}
		s.eachKey(&cmd, func(i int) {
			if i < 1 || i >= cmd.Len() {
				t.Fatalf("argument %d of %q is no key", i, call)
			}
		})
		waits(&cmd)
		foreign(&cmd)
	})
}
