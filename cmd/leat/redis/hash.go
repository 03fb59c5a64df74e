package redis

import (
	"crypto/md5" //nolint:gosec // not for security: twemproxy's keys are placed by it
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// A Hash makes a number of a key, which says on which shard the key is. All but xxhash are those of twemproxy, with what is
// odd about them, so that its users find their keys.
type Hash func(key []byte) uint64

// Hashes are the functions by the names that they have in configurations.
var Hashes = map[string]Hash{
	"xxhash": xxhash.Sum64, "fnv1a_64": fnv1a64, "fnv1_64": fnv164, "fnv1a_32": fnv1a32, "fnv1_32": fnv132, "md5": md5Hash,
	"crc16": crc16, "crc32": crc32Hash, "crc32a": crc32a, "murmur": murmur, "hsieh": hsieh, "one_at_a_time": oneAtATime,
}

// HashNames are the names of Hashes in order.
func HashNames() []string { return slices.Sorted(maps.Keys(Hashes)) }

// signed is a byte as C extends it on machines where char is signed, which twemproxy's placement of keys depends on.
func signed(c byte) uint32 { return uint32(int32(int8(c))) }

// The parameters of FNV (Fowler, Noll and Vo), and what twemproxy keeps of those of 64 bits.
const (
	fnv64Init  = 0xcbf29ce484222325
	fnv64Prime = 0x100000001b3
	fnv32Init  = 2166136261
	fnv32Prime = 16777619
)

// fnv1a64 is FNV-1a with the constants of 64 bits cut to 32, as twemproxy has it.
func fnv1a64(key []byte) uint64 {
	h := uint32(fnv64Init & 0xffffffff)
	for _, c := range key {
		h = (h ^ signed(c)) * (fnv64Prime & 0xffffffff)
	}
	return uint64(h)
}

func fnv164(key []byte) uint64 {
	h := uint64(fnv64Init)
	for _, c := range key {
		h = h*fnv64Prime ^ uint64(signed(c)) // the upper half never reaches the lower one
	}
	return uint64(uint32(h))
}

func fnv1a32(key []byte) uint64 {
	h := uint32(fnv32Init)
	for _, c := range key {
		h = (h ^ signed(c)) * fnv32Prime
	}
	return uint64(h)
}

func fnv132(key []byte) uint64 {
	h := uint32(fnv32Init)
	for _, c := range key {
		h = h*fnv32Prime ^ signed(c)
	}
	return uint64(h)
}

func md5Hash(key []byte) uint64 {
	sum := md5.Sum(key) //nolint:gosec // see above
	return uint64(binary.LittleEndian.Uint32(sum[:]))
}

// crc16Table is of CRC-16/XMODEM, the polynomial 0x1021, which Redis Cluster has too.
var crc16Table = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i) << 8
		for range 8 {
			c = c<<1 ^ 0x1021*(c>>15)
		}
		t[i] = c
	}
	return t
}()

// crc16 keeps what a checksum of 16 bits shifts out, up to 32 bits, as twemproxy does.
func crc16(key []byte) uint64 {
	var crc uint32
	for _, c := range key {
		crc = crc<<8 ^ uint32(crc16Table[byte(crc>>8)^c])
	}
	return uint64(crc)
}

// crc32Hash are 15 bits of the checksum, as libmemcached has it.
func crc32Hash(key []byte) uint64 { return uint64(crc32.ChecksumIEEE(key) >> 16 & 0x7fff) }

func crc32a(key []byte) uint64 { return uint64(crc32.ChecksumIEEE(key)) }

// murmur is MurmurHash2 of Austin Appleby, with a seed of the length.
func murmur(key []byte) uint64 {
	const m, r = 0x5bd1e995, 24
	n := uint32(len(key))
	h := 0xdeadbeef*n ^ n
	for ; len(key) >= 4; key = key[4:] {
		k := binary.LittleEndian.Uint32(key) * m
		h = h*m ^ (k^k>>r)*m
	}
	switch len(key) {
	case 3:
		h ^= uint32(key[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(key[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(key[0])) * m
	}
	h = (h ^ h>>13) * m
	return uint64(h ^ h>>15)
}

// hsieh is SuperFastHash of Paul Hsieh without a seed.
func hsieh(key []byte) uint64 {
	var h uint32
	two := func() uint32 { return uint32(binary.LittleEndian.Uint16(key)) }
	for ; len(key) >= 4; key = key[4:] {
		h += two()
		h = h<<16 ^ uint32(binary.LittleEndian.Uint16(key[2:]))<<11 ^ h
		h += h >> 11
	}
	switch len(key) {
	case 3:
		h += two()
		h ^= h << 16
		h ^= signed(key[2]) << 18
		h += h >> 11
	case 2:
		h += two()
		h ^= h << 11
		h += h >> 17
	case 1:
		h += uint32(key[0])
		h ^= h << 10
		h += h >> 1
	}
	h ^= h << 3
	h += h >> 5
	h ^= h << 4
	h += h >> 17
	h ^= h << 25
	h += h >> 6
	return uint64(h)
}

// oneAtATime is the function of that name of Bob Jenkins.
func oneAtATime(key []byte) uint64 {
	var h uint32
	for _, c := range key {
		h += signed(c)
		h += h << 10
		h ^= h >> 6
	}
	h += h << 3
	h ^= h >> 11
	h += h << 15
	return uint64(h)
}
