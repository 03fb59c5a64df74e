package redis

import (
	"math"
	"strconv"

	"github.com/leat-io/leat/codec/resp"
)

// The cursor of a SCAN over n shards is c*n+i while shard i is scanned, whose own cursor is c. When that has come to its end the
// next one begins with 0*n+i+1, and behind the last one is 0.

// scan asks the shard that the cursor names.
func (d *doorman) scan(c *Request) {
	n := uint64(len(d.routing.shards))
	at, err := strconv.ParseUint(string(c.Arg(1)), 10, 64)
	if err != nil {
		c.refuse("ERR invalid cursor")
		return
	}
	args := make([][]byte, c.Len())
	for i := range args {
		args[i] = c.Arg(i)
	}
	args[1] = strconv.AppendUint(nil, at/n, 10)
	c.become(&join{how: cursor, shard: int(at % n), shards: int(n), of: c.reader.session.holding}, resp.AppendCommand(nil, args...))
	c.send(&d.routing.shards[at%n])
}

func (j *join) appendCursor(b []byte) ([]byte, error) {
	n, rest, err := list(j.parts[0].reply)
	if err != nil || n != 2 {
		return b, errShape
	}
	size, err := next(rest)
	if err != nil {
		return b, err
	}
	m := resp.Message{Raw: rest[:size]}
	at, err := strconv.ParseUint(string(m.Value().Str()), 10, 64)
	shard, shards := uint64(j.shard), uint64(j.shards)
	switch {
	case err != nil || at > (math.MaxUint64-shard)/shards:
		return b, errShape
	case at != 0:
		at = at*shards + shard
	case shard+1 < shards:
		at = shard + 1
	}
	b = resp.AppendArray(b, 2)
	b = resp.AppendBulk(b, strconv.AppendUint(nil, at, 10))
	return append(b, rest[size:]...), nil
}
