package stage

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Partitions is how many virtual partitions keys are hashed onto. Lanes own whole partitions, so that a change of their
// number moves whole partitions too; 256 keep 16 lanes within 7 % of each other.
const Partitions = 256

// Partition returns the virtual partition of a key: the low byte of its xxhash. Sharding and a stage that hands its state
// over agree on it.
func Partition(key uint64) uint8 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], key)
	return uint8(xxhash.Sum64(b[:]))
}

// Hash makes the key of a Shard out of bytes, with xxhash.
func Hash(b []byte) uint64 { return xxhash.Sum64(b) }

// ByConn is the key of a Shard that keeps the messages of one connection on one lane.
func ByConn[T any](m *T) uint64 {
	if c := HeadOf(m).conn; c != nil {
		return c.id
	}
	return 0
}

// ByRequest is the key of a Shard that spreads the requests of each connection over all lanes.
func ByRequest[T any](m *T) uint64 {
	return ByConn(m)<<32 | uint64(HeadOf(m).seq)
}
