package redis

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
)

// A server that refuses MULTI would do what follows at once.
func TestNothingOfATransactionRunsThatTheServerRefusesToBegin(t *testing.T) {
	strict := func() string {
		return redisServer(t, "--user", "default", "on", "nopass", "~*", "&*", "+@all", "-multi")
	}
	const refused = "-NOPERM this user has no permissions to run the 'multi' command"
	aborted, script := "-"+errAborted, "EVAL return(redis.call('set','{a}s',1)) 0"
	for name, r := range map[string]*rig{
		"one server": run(t, shardsOf(strict()), options{}), "several": run(t, shardsOf(strict(), strict(), strict()), options{}),
		"exclusive": run(t, shardsOf(strict()), options{mode: pool.Exclusive()}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, dialog := range [][]string{
				{"MULTI", "+OK", "SET {a}s 1", refused, "SET {a}t 1", "+QUEUED", "PING", "+QUEUED", "EXEC", aborted},
				{"MULTI", "+OK", "PING", "+QUEUED", "SET {a}s 1", refused, "SET {a}t 1", "+QUEUED", "DISCARD", "+OK"},
				{"WATCH {a}w", "+OK", "MULTI", "+OK", "SET {a}s 1", refused, "SET {a}t 1", "+QUEUED", "EXEC", aborted},
				{"WATCH {a}w", "+OK", "MULTI", "+OK", "SET {a}s 1", refused, "DISCARD", "+OK"},
				{"MULTI", "+OK", "SET {a}s 1", refused, "RESET", "+RESET"},
				{"MULTI", "+OK", script, refused, "EXEC", aborted},
				{"MULTI", "+OK", "SET {a}s 1", refused, "NOSUCH", "-" + "ERR unknown command 'NOSUCH', with args beginning with: ", "EXEC", aborted},
				{"EXEC", "-ERR EXEC without MULTI", "MULTI", "+OK", "EXEC", "*0"},
			} {
				var b []byte
				for i := 0; i < len(dialog); i += 2 {
					b = resp.AppendCommand(b, strings.Fields(dialog[i])...)
				}
				c := dial(t, "tcp", r.address)
				says(t, c, dialog...)
				c.write(b) // in one piece
				for i := 0; i < len(dialog); i += 2 {
					if got := c.reply(); got != dialog[i+1] {
						t.Errorf("%s of %q in one piece: got %q, want %q", dialog[i], dialog, got, dialog[i+1])
					}
				}
				says(t, c, "EXISTS {a}s {a}t", ":0", "SET {a}w 1", "+OK", "WATCH {a}w", "+OK", "UNWATCH", "+OK")
			}
		})
	}
}

// What the server thinks of the command that waited for MULTI is said with the next.
func TestTheErrorOfACommandThatWaitedIsSaid(t *testing.T) {
	r := run(t, shardsOf(redisServer(t, "--user", "default", "on", "nopass", "~*", "&*", "+@all", "-set")), options{})
	c := dial(t, "tcp", r.address)
	const refused = "-NOPERM this user has no permissions to run the 'set' command"
	for range 2 {
		says(t, c, "MULTI", "+OK", "SET a 1", "+QUEUED", "INCR n", refused, "EXEC", "-"+errAborted)
		says(t, c, "MULTI", "+OK", "SET a 1", "+QUEUED", "EXEC", refused)
		says(t, c, "MULTI", "+OK", "INCR n", "+QUEUED", "SET a 1", refused, "EXEC", "-"+errAborted, "GET n", "$-1")
	}
	says(t, c, "MULTI", "+OK", "INCR n", "+QUEUED", "INCR n", "+QUEUED", "EXEC", "*2 :1 :2")
}
