package stage_test

import (
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

func TestPartitionIsTheLowByteOfXxhash(t *testing.T) {
	// The vector is xxhash's own: XXH64 of eight zero bytes with seed 0 is 34c96acdcadb1bbb.
	check(t, "partition of 0", stage.Partition(0), uint8(0xbb))
	check(t, "partition of 1", stage.Partition(1), uint8(xxhash.Sum64([]byte{1, 0, 0, 0, 0, 0, 0, 0})))
	check(t, "hash", stage.Hash([]byte("key")), xxhash.Sum64String("key"))
}

func TestPartitionsAreEvenlyFilled(t *testing.T) {
	const keys = 256 * 1000
	var count [stage.Partitions]int
	for k := range uint64(keys) {
		count[stage.Partition(k)]++
	}
	for p, n := range count { // 1000 with a standard deviation of 32
		if n < 840 || n > 1160 {
			t.Errorf("partition %d has %d of %d keys", p, n, keys)
		}
	}
}

func TestKeysOfConnectionsAndRequestsTellThemApart(t *testing.T) {
	l, c := stagetest.NewLane("lane"), stagetest.NewConn(roomy)
	a := stage.NewArena[msg](l.Lane)
	other := c.Sibling()
	m, n, o := request(l.Lane, a, c), request(l.Lane, a, c), request(l.Lane, a, other)
	if stage.ByConn(m) != stage.ByConn(n) || stage.ByConn(m) == stage.ByConn(o) {
		t.Error("ByConn does not follow the connection")
	}
	if stage.ByRequest(m) == stage.ByRequest(n) || stage.ByRequest(m) == stage.ByRequest(o) {
		t.Error("ByRequest does not follow the request")
	}
	check(t, "key of a message without a connection", stage.ByConn(a.New()), uint64(0))
	l.End()
}
