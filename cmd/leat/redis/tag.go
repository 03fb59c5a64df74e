package redis

import "bytes"

// A Tag is the pair of characters in a key between which stands what is hashed instead of the whole key, so that keys which
// share that are on one shard.
type Tag struct {
	Open, Close byte
	On          bool
}

// part is what is hashed of a key: what is between the first opening character and the first closing one behind it, unless
// that is nothing, as in Redis Cluster and twemproxy.
func (t Tag) part(key []byte) []byte {
	if !t.On {
		return key
	}
	from := bytes.IndexByte(key, t.Open) + 1
	if from == 0 {
		return key
	}
	if n := bytes.IndexByte(key[from:], t.Close); n > 0 {
		return key[from : from+n]
	}
	return key
}
